namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>The numbers that tell SDXL a picture's sizes: original height and width, top and left of the crop, target height and width, or
/// for the refiner an aesthetic score in place of the last two.</summary>
internal sealed record TimeIds(float[] Positive, float[] Negative)
{
    /// <summary>The numbers for a pass, as the pipeline of diffusers that it is has them.</summary>
    /// <param name="conditions">The request's; null is the pass's own size, uncropped.</param>
    /// <param name="size">The pass's.</param>
    /// <param name="fromPicture">Whether it is image-to-image or in-painting. There the negative sizes count one by one and the crop is the
    /// positive's; in text-to-image they count only together, with their own crop.</param>
    /// <param name="scored">Whether the model takes a score.</param>
    public static TimeIds Of(SizeConditions? conditions, DrawnSize size, bool fromPicture, bool scored = false)
    {
        conditions ??= new SizeConditions();
        var original = conditions.OriginalSize ?? (size.Height, size.Width);
        if (scored)
        {
            var negative = conditions.NegativeOriginalSize ?? original;
            return new TimeIds(
                Join(original, conditions.CropsCoordsTopLeft, conditions.AestheticScore),
                Join(negative, conditions.NegativeCropsCoordsTopLeft, conditions.NegativeAestheticScore));
        }

        var target = conditions.TargetSize ?? (size.Height, size.Width);
        var positive = Join(original, conditions.CropsCoordsTopLeft, target);
        var (negativeOriginal, negativeTarget) = (conditions.NegativeOriginalSize, conditions.NegativeTargetSize);
        return new TimeIds(positive, (fromPicture, negativeOriginal, negativeTarget) switch
        {
            (true, _, _) => Join(negativeOriginal ?? original, conditions.CropsCoordsTopLeft, negativeTarget ?? target),
            (false, { } from, { } to) => Join(from, conditions.NegativeCropsCoordsTopLeft, to),
            _ => positive,
        });
    }

    private static float[] Join((int Height, int Width) original, (int Top, int Left) crop, (int Height, int Width) target) =>
        Join(original, crop, target.Height, target.Width);

    private static float[] Join((int Height, int Width) original, (int Top, int Left) crop, params double[] rest) =>
        [original.Height, original.Width, crop.Top, crop.Left, .. rest.Select(number => (float)number)];
}
