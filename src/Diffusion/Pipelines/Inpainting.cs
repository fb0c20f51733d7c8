using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Draws only a part of <see cref="GenerationRequest.Init"/>'s picture anew. Works with in-painting U-Nets of nine channels, and with
/// plain ones, where what is kept is put back after every step (RePaint, Lugmayr et al. 2022).</summary>
public sealed record Inpainting
{
    /// <summary>White is drawn anew, black is kept; cut at one half. Colours are read as grey, once it is brought to the picture's size
    /// as Pillow does it, which weighs pixels by their alpha and does not mix single bits. <see cref="PictureAlpha.AsMask"/> reads it as A1111.</summary>
    public required Picture Mask { get; init; }

    /// <summary>Draws anew what is black instead.</summary>
    public bool InvertMask { get; init; }

    /// <summary>Standard deviation in pixels of the Gaussian that softens the mask's edge; 0 leaves it as it is.</summary>
    public double MaskBlur { get; init; }

    /// <summary>Draws only the masked area, at the request's full size, with so many of the picture's pixels around it, and puts it back into
    /// the picture, which keeps its own size. Null draws the whole picture.</summary>
    public int? PaddingMaskCrop { get; init; }

    /// <summary>Whether the pixels outside the mask are the input's, not the VAE's copy of them.</summary>
    public bool PasteBack { get; init; }

    /// <summary>The seed of the generator that samples the picture's latents; null is each picture's own. diffusers samples them once for a
    /// batch, with its first picture's.</summary>
    public long? LatentsSeed { get; init; }

    /// <summary>What the masked area holds before it is drawn.</summary>
    public InpaintingFill Fill { get; init; } = InpaintingFill.Original;
}
