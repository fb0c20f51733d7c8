using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>What steers a U-Net beside the time step. The tensors stay the caller's.</summary>
/// <param name="EncoderHiddenStates">(B, S, cross_attention_dim): the text's tokens.</param>
/// <param name="Added">SDXL's pooled text and sizes; null for models that take none.</param>
/// <param name="Control">A ControlNet's residuals, or null.</param>
/// <param name="TimestepCond">
/// (B, time_cond_proj_dim): the guidance scale of models distilled to take it, from <see cref="UNet2DConditionModel.EmbedGuidance"/>,
/// or null.
/// </param>
public sealed record UNetConditions(
    Tensor EncoderHiddenStates, AddedConditions? Added = null, ControlResiduals? Control = null, Tensor? TimestepCond = null);
