using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>A picture's own generator, on the CPU, so that a seed means the same on every device.</summary>
internal sealed class PictureNoise(long seed) : IDisposable
{
    /// <summary>What it was started with.</summary>
    public long Seed => seed;

    /// <summary>Its stream of numbers.</summary>
    public Generator Generator { get; } = new((ulong)seed, CPU);

    /// <summary>Draws from it for this picture alone.</summary>
    public NoiseSource Source => new(Generator);

    /// <inheritdoc/>
    public void Dispose() => Generator.Dispose();
}
