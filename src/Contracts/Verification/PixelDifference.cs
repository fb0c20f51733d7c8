namespace StableDiffusion.Contracts.Verification;

/// <summary>How far two pictures of one size are from each other, over all of their samples (a pixel has one for each channel), 0 … 255.</summary>
public sealed record PixelDifference
{
    /// <summary>The largest difference of two samples; 0: only the files differ.</summary>
    public required int Max { get; init; }

    /// <summary>The samples' mean difference.</summary>
    public required double Mean { get; init; }

    /// <summary>Peak signal-to-noise ratio in dB, 10·log₁₀(255² / mean squared difference); absent when all samples are the same.</summary>
    public double? Psnr { get; init; }

    /// <summary>0 … 1: the share of pixels that differ at all.</summary>
    public required double Share { get; init; }
}
