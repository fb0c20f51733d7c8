namespace StableDiffusion.Contracts;

/// <summary>Everything that decides one image's pixels, with A1111's field names. Resolved: a rerun with these gives the same bytes.</summary>
public sealed record ImageSettings
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>What to draw.</summary>
    public required string Prompt { get; init; }

    /// <summary>What to steer away from; "" for nothing.</summary>
    public required string NegativePrompt { get; init; }

    /// <summary>Seed of the image's own CPU generator, 0 … 2^53-1 (so that JSON readers keep it whole).</summary>
    public required long Seed { get; init; }

    /// <summary>Denoising steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Classifier-free guidance; 1 and below is off.</summary>
    public required double CfgScale { get; init; }

    /// <summary>In pixels.</summary>
    public required int Width { get; init; }

    /// <summary>In pixels.</summary>
    public required int Height { get; init; }

    /// <summary>A1111's name of the sampler.</summary>
    public required string SamplerName { get; init; }
}
