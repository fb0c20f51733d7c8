using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Sampling;
using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>The second, larger pass ("hires. fix").</summary>
internal static class SecondPass
{
    private const double DefaultScale = 2, MostScale = 8, DefaultStrength = 0.7;

    /// <summary>The second pass; null for none.</summary>
    /// <param name="request">As it was sent.</param>
    /// <param name="width">The first pass's, in pixels.</param>
    /// <param name="height">The first pass's, in pixels.</param>
    /// <param name="steps">The first pass's.</param>
    /// <param name="factor">Pixels that a latent cell stands for.</param>
    /// <param name="limits">Of sizes and steps.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public static HighResolutionSettings? Resolve(
        ImageFields request, int width, int height, int steps, int factor, BatchesOptions limits, RequestErrors errors)
    {
        if (request.EnableHr != true)
        {
            errors.Only(
                "enable_hr", ("hr_scale", request.HrScale), ("hr_resize_x", request.HrResizeX), ("hr_resize_y", request.HrResizeY),
                ("hr_upscaler", request.HrUpscaler), ("hr_second_pass_steps", request.HrSecondPassSteps));
            return null;
        }

        if (request.InitImages is not null)
        {
            errors.Add("enable_hr", "A picture that is started from has no second pass: leave out enable_hr or init_images; width and height make a picture larger.");
        }

        var upscaler = request.HrUpscaler is null ? Upscalers.Default : Upscalers.Canonical(request.HrUpscaler);
        if (upscaler is null)
        {
            errors.Add("hr_upscaler", $"There is no such upscaler: give one of {string.Join(", ", Upscalers.Names)}.");
        }

        var (scale, toWidth, toHeight) = Size(request, width, height, factor, limits.MaxSide, errors);
        var second = errors.Whole("hr_second_pass_steps", request.HrSecondPassSteps, 0, 0, limits.MaxSteps) is var given && given != 0 ? given : steps;
        return new HighResolutionSettings
        {
            HrUpscaler = upscaler ?? "",
            HrScale = scale,
            HrResizeX = toWidth,
            HrResizeY = toHeight,
            HrSecondPassSteps = second,
            DenoisingStrength = errors.Strength(request.DenoisingStrength, DefaultStrength, second),
        };
    }

    private static (double? Scale, int Width, int Height) Size(ImageFields request, int width, int height, int factor, int most, RequestErrors errors)
    {
        var (x, y) = (request.HrResizeX ?? 0, request.HrResizeY ?? 0);
        if (x == 0 && y == 0)
        {
            var scale = errors.Number("hr_scale", request.HrScale, DefaultScale, 1, MostScale);
            var (scaledX, scaledY) = (Floor(width * scale, factor), Floor(height * scale, factor));
            if (Math.Max(scaledX, scaledY) > most && scale is >= 1 and <= MostScale)
            {
                errors.Add("hr_scale", $"{scale} makes {scaledX}×{scaledY} pixels of {width}×{height}: give a scale that keeps both within {most}.");
            }

            return (scale, scaledX, scaledY);
        }

        if (request.HrScale is not null)
        {
            errors.Add("hr_scale", "Give either hr_scale or hr_resize_x and hr_resize_y, not both.");
        }

        foreach (var (field, side) in new[] { ("hr_resize_x", x), ("hr_resize_y", y) })
        {
            if (side != 0 && (side < factor || side > most || side % factor != 0))
            {
                errors.Add(field, $"{side} pixels do not do: give a multiple of {factor} from {factor} to {most}.");
            }
        }

        var (toWidth, toHeight) = (x != 0 ? x : Floor((double)y * width / Math.Max(height, 1), factor), y != 0 ? y : Floor((double)x * height / Math.Max(width, 1), factor));
        if (Math.Max(x, y) <= most && Math.Max(toWidth, toHeight) > most)
        {
            errors.Add(x == 0 ? "hr_resize_y" : "hr_resize_x", $"{Math.Max(x, y)} makes {toWidth}×{toHeight} pixels of {width}×{height}: give a size that keeps both within {most}.");
        }

        return (null, toWidth, toHeight);
    }

    private static int Floor(double pixels, int factor) => (int)Math.Clamp(pixels / factor, 1, int.MaxValue / factor) * factor;
}
