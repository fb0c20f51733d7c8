namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>How a first pass is enlarged: its latents as they are, or its pixels, which go through the VAE and back.</summary>
public enum Upscaler
{
    /// <summary>Latents, bilinear.</summary>
    Latent,

    /// <summary>Latents, bilinear with antialiasing.</summary>
    LatentAntialiased,

    /// <summary>Latents, bicubic.</summary>
    LatentBicubic,

    /// <summary>Latents, bicubic with antialiasing.</summary>
    LatentBicubicAntialiased,

    /// <summary>Latents, each repeated.</summary>
    LatentNearest,

    /// <summary>Latents, each repeated, with exact centres.</summary>
    LatentNearestExact,

    /// <summary>Pixels, Lanczos' filter of three lobes.</summary>
    Lanczos,

    /// <summary>Pixels, each repeated.</summary>
    Nearest,
}
