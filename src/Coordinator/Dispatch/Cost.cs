using StableDiffusion.Contracts;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>How much work an image is: what owners are charged, and what waiting times are reckoned with.</summary>
public static class Cost
{
    private const double Square = 512 * 512;

    /// <summary>In steps of 512 × 512 pixels with guidance, over all passes. Rough: attention grows faster than pixels, and models differ.</summary>
    public static double Of(ImageSettings settings)
    {
        var guided = settings.CfgScale > 1 ? 1 : 0.5;
        var first = settings.Steps * (settings.ImageToImage?.DenoisingStrength ?? 1) * settings.Width * settings.Height / Square;
        var second = settings.HighResolution is { } high ? high.HrSecondPassSteps * high.DenoisingStrength * high.HrResizeX * high.HrResizeY / Square : 0;
        return Math.Max(guided * (first + second), 0.01); // a round trip through the VAE is work, too
    }
}
