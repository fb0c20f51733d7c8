using StableDiffusion.Diffusion.Pictures;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>A finished picture, and the latents it was decoded from. Whoever receives it disposes it.</summary>
/// <param name="Image">Index into the request's images.</param>
/// <param name="Picture">RGB.</param>
/// <param name="Latents">(1, C, h, w), single precision on the model's device, scaled as the U-Net has them.</param>
public sealed record GeneratedImage(int Image, Picture Picture, Tensor Latents) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Latents.Dispose();
}
