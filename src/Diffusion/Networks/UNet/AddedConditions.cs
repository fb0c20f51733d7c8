using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>What SDXL's U-Net is told beside the text's tokens (https://arxiv.org/abs/2307.01952, section 2.2).</summary>
/// <param name="TextEmbeds">(B, projection_dim): the second text encoder's projected pooling.</param>
/// <param name="TimeIds">(B, 6): original height, width, crop's top, left, target height, width, in pixels;
/// (B, 5) for SDXL's refiner, with an aesthetic score in place of the target.</param>
public sealed record AddedConditions(Tensor TextEmbeds, Tensor TimeIds);
