using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Normal noise for a group of pictures, one CPU generator for each, so that a picture's noise is the same on every
/// device and in every company.</summary>
/// <param name="generators">One for each sample of a batch, in order. Stay the caller's.</param>
public sealed class NoiseSource(params IReadOnlyList<Generator> generators)
{
    /// <summary>Draws standard normal noise of <paramref name="shape"/> (B, …), the first row from the first generator and so on;
    /// single precision, owned by the caller's dispose scope.</summary>
    /// <exception cref="ArgumentException">The batch is not of as many samples as there are generators.</exception>
    public Tensor Draw(ReadOnlySpan<long> shape, Device device)
    {
        if (shape.Length == 0 || shape[0] != generators.Count)
        {
            throw new ArgumentException($"A batch of {(shape.Length == 0 ? 0 : shape[0])} cannot be drawn from {generators.Count} generators.", nameof(shape));
        }

        using var scope = NewDisposeScope();
        long[] single = [1, .. shape[1..]];
        Tensor[] draws = [.. generators.Select(generator => randn(single, dtype: ScalarType.Float32, device: CPU, generator: generator))];
        var noise = draws.Length == 1 ? draws[0] : cat(draws, 0);
        return noise.to(device).MoveToOuterDisposeScope();
    }
}
