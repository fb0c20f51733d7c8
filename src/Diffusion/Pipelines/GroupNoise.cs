using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>The generators of a group's pictures, one for each place.</summary>
internal sealed class GroupNoise : IDisposable
{
    /// <summary>Starts them.</summary>
    public GroupNoise(IEnumerable<long> seeds)
    {
        Pictures = [.. seeds.Select(seed => new PictureNoise(seed))];
        Source = new NoiseSource([.. Pictures.Select(picture => picture.Generator)]);
    }

    /// <summary>Each by itself.</summary>
    public IReadOnlyList<PictureNoise> Pictures { get; }

    /// <summary>All together.</summary>
    public NoiseSource Source { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var picture in Pictures)
        {
            picture.Dispose();
        }
    }
}
