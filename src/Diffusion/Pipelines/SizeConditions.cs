namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>What SDXL is told of a picture's size beside the text (Podell et al. 2023, section 2.2). Pairs are height and width, or top and
/// left, in pixels, as in diffusers; what is null is the picture's own size.</summary>
public sealed record SizeConditions
{
    /// <summary>The size before it was scaled; small ones look blurred.</summary>
    public (int Height, int Width)? OriginalSize { get; init; }

    /// <summary>What was cropped off; other than (0, 0) looks cropped.</summary>
    public (int Top, int Left) CropsCoordsTopLeft { get; init; }

    /// <summary>The size that was wanted.</summary>
    public (int Height, int Width)? TargetSize { get; init; }

    /// <summary>The same for the negative prompt; it counts in text-to-image only with <see cref="NegativeTargetSize"/>, as in diffusers.</summary>
    public (int Height, int Width)? NegativeOriginalSize { get; init; }

    /// <inheritdoc cref="CropsCoordsTopLeft"/>
    public (int Top, int Left) NegativeCropsCoordsTopLeft { get; init; }

    /// <inheritdoc cref="NegativeOriginalSize"/>
    public (int Height, int Width)? NegativeTargetSize { get; init; }

    /// <summary>How beautiful the picture is to be, of 10; the refiner takes it in place of a target size.</summary>
    public double AestheticScore { get; init; } = 6;

    /// <summary>The same for the negative prompt.</summary>
    public double NegativeAestheticScore { get; init; } = 2.5;
}
