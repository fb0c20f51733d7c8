using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>What a text encoder says of a prompt. The tensors belong to the caller's dispose scope.</summary>
/// <param name="LastHiddenState">(B, T, hidden_size), after the final layer norm.</param>
/// <param name="PoolerOutput">(B, hidden_size): the last hidden state at the end-of-text token.</param>
/// <param name="HiddenStates">
/// (B, T, hidden_size) each, before the final layer norm: the embeddings, then what each layer made of them.
/// </param>
/// <param name="TextEmbeds">(B, projection_dim): the pooled output projected, null of an encoder that has no projection.</param>
public sealed record CLIPTextOutput(
    Tensor LastHiddenState, Tensor PoolerOutput, IReadOnlyList<Tensor> HiddenStates, Tensor? TextEmbeds = null);
