namespace StableDiffusion.Contracts.Settings;

/// <summary>The part of a picture that is drawn anew.</summary>
public sealed record InpaintingSettings
{
    /// <summary>SHA-256 of the mask's PNG, lower-case hex. White is drawn anew.</summary>
    public required string Mask { get; init; }

    /// <summary>Softens the mask's edge: standard deviation in pixels.</summary>
    public required double MaskBlur { get; init; }

    /// <summary>Black is drawn anew instead.</summary>
    public required bool InpaintingMaskInvert { get; init; }

    /// <summary>What the masked area starts from.</summary>
    public required InpaintingFill InpaintingFill { get; init; }

    /// <summary>Draws only the masked area, at the full size, and puts it back.</summary>
    public required bool InpaintFullRes { get; init; }

    /// <summary>Pixels around the masked area that are drawn with it; says nothing without <see cref="InpaintFullRes"/>.</summary>
    public required int InpaintFullResPadding { get; init; }

    /// <summary>Pixels outside the mask are the input's own.</summary>
    public required bool PasteBack { get; init; }
}

/// <summary>What a masked area starts from; A1111's "masked content", 0 to 3 in its API.</summary>
public enum InpaintingFill
{
    /// <summary>0: the colours around it, flowing in.</summary>
    Fill,

    /// <summary>1: what is there.</summary>
    Original,

    /// <summary>2: noise.</summary>
    LatentNoise,

    /// <summary>3: zeros.</summary>
    LatentNothing,
}
