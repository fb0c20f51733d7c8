namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Draws small, enlarges, and draws over the enlarged ("hires. fix" in A1111), which keeps a model's composition at sizes
/// that it was not trained at.</summary>
public sealed record HighResolution
{
    /// <summary>Size over the first pass's, where no size is given.</summary>
    public double Scale { get; init; } = 2;

    /// <summary>In pixels; null follows from <see cref="Height"/> and the first pass's shape, or from <see cref="Scale"/>.</summary>
    public int? Width { get; init; }

    /// <inheritdoc cref="Width"/>
    public int? Height { get; init; }

    /// <summary>How the first pass is enlarged.</summary>
    public Upscaler Upscaler { get; init; } = Upscaler.Latent;

    /// <summary>0 … 1: the share of the steps that the second pass takes.</summary>
    public double DenoisingStrength { get; init; } = 0.7;

    /// <summary>Steps that a full second pass would have, of which it takes <see cref="DenoisingStrength"/>; null is the first pass's.</summary>
    public int? NumInferenceSteps { get; init; }
}
