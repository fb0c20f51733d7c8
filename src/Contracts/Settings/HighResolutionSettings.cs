namespace StableDiffusion.Contracts.Settings;

/// <summary>The second, larger pass of A1111's "hires. fix".</summary>
public sealed record HighResolutionSettings
{
    /// <summary>A1111's name of the way the first pass is enlarged, see <see cref="Sampling.Upscalers"/>.</summary>
    public required string HrUpscaler { get; init; }

    /// <summary>The factor that was asked for; absent where a size was.</summary>
    public double? HrScale { get; init; }

    /// <summary>The second pass's width in pixels, the picture's.</summary>
    public required int HrResizeX { get; init; }

    /// <summary>The second pass's height in pixels, the picture's.</summary>
    public required int HrResizeY { get; init; }

    /// <summary>Steps of a whole second pass, of which it takes <see cref="DenoisingStrength"/>.</summary>
    public required int HrSecondPassSteps { get; init; }

    /// <summary>0 … 1: the share of the steps that the second pass takes.</summary>
    public required double DenoisingStrength { get; init; }
}
