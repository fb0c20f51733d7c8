namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>What a masked area starts from, as A1111's "masked content" has it.</summary>
public enum InpaintingFill
{
    /// <summary>The colours around it, flowing in.</summary>
    Fill,

    /// <summary>What is there.</summary>
    Original,

    /// <summary>Noise in the latents.</summary>
    LatentNoise,

    /// <summary>Zeros in the latents.</summary>
    LatentNothing,
}
