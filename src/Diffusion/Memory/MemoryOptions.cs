namespace StableDiffusion.Diffusion.Memory;

/// <summary>How a pipeline spends memory. What a picture looks like may depend on these, but on nothing that is measured.</summary>
public sealed record MemoryOptions
{
    /// <summary>Pictures of more pixels than this go through the VAE in tiles; 1536 × 1536 by default.</summary>
    public long VaeTilingAbove { get; init; } = 1536 * 1536;

    /// <summary>A tile's height and width in pixels; null is the size that the VAE was trained at.</summary>
    public int? VaeTileSize { get; init; }

    /// <summary>Whether models rest in main memory and each of their networks is on the GPU only while it works (<see cref="CpuOffload"/>):
    /// slower, for GPUs that do not hold a model whole. Pictures do not depend on it.</summary>
    public bool OffloadModels { get; init; }
}
