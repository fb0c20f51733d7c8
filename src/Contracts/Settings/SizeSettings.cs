namespace StableDiffusion.Contracts.Settings;

/// <summary>What SDXL is told of a picture's size, in pixels (Podell et al. 2023, section 2.2).</summary>
public sealed record SizeSettings
{
    /// <summary>The size before it was scaled; small ones look blurred.</summary>
    public required int OriginalWidth { get; init; }

    /// <summary>As the width before.</summary>
    public required int OriginalHeight { get; init; }

    /// <summary>What was cropped off at the left; other than 0 looks cropped.</summary>
    public required int CropX { get; init; }

    /// <summary>What was cropped off at the top; other than 0 looks cropped.</summary>
    public required int CropY { get; init; }

    /// <summary>The size that was wanted.</summary>
    public required int TargetWidth { get; init; }

    /// <summary>As the width that was wanted.</summary>
    public required int TargetHeight { get; init; }
}
