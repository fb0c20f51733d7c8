namespace StableDiffusion.Contracts.Models;

/// <summary>What the farm knows of a model without loading it: enough to validate a request.</summary>
public record ModelDescription
{
    /// <summary>The name requests use.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 over the files' hashes, lower-case hex: two workers with this hash draw with the same weights.</summary>
    public required string Hash { get; init; }

    /// <summary>Pixels a latent cell stands for; width and height must be multiples of it.</summary>
    public required int VaeScaleFactor { get; init; }

    /// <summary>Width and height in pixels when a request names none.</summary>
    public required int DefaultSize { get; init; }

    /// <summary>Classifier-free guidance when a request names none.</summary>
    public required double DefaultCfgScale { get; init; }

    /// <summary>A1111 name of the sampler used when a request names none.</summary>
    public required string DefaultSampler { get; init; }

    /// <summary>The architecture.</summary>
    public ModelFamily Family { get; init; }

    /// <summary>Whether it is made for in-painting alone and wants a mask.</summary>
    public bool Inpainting { get; init; }

    /// <summary>Pictures that the worker draws in one call of the networks where a request has so many and names no other
    /// number; its images are then drawn so for ever, since their last bits may depend on it.</summary>
    public int BatchClass { get; init; } = 1;
}
