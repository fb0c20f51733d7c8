using StableDiffusion.Diffusion.Pictures;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>A finished picture, and the latents it was decoded from. Whoever receives it disposes it.</summary>
/// <param name="Image">Index into the request's images.</param>
/// <param name="Picture">RGB.</param>
/// <param name="Latents">(1, C, h, w), single precision on the model's device, scaled as the U-Net has them.</param>
public sealed record GeneratedImage(int Image, Picture Picture, Tensor Latents) : IDisposable
{
    /// <summary>The most memory in bytes that was in use while it, and what shared its calls, was drawn: of this process on a CPU, of the whole
    /// GPU else; null where the system does not tell.</summary>
    public long? PeakMemory { get; init; }

    /// <inheritdoc/>
    public void Dispose() => Latents.Dispose();
}
