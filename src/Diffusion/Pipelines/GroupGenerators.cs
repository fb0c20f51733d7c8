using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>A generator for each place of a group, on the CPU, so that a seed means the same on every device.</summary>
internal sealed class GroupGenerators(IEnumerable<long> seeds) : IDisposable
{
    /// <summary>In the order of the places.</summary>
    public IReadOnlyList<Generator> All { get; } = [.. seeds.Select(seed => new Generator((ulong)seed, CPU))];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var generator in All)
        {
            generator.Dispose();
        }
    }
}
