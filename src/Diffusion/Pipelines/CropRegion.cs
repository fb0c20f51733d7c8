using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Finds what is to be drawn where only the masked area is, as diffusers' <c>get_crop_region</c>.</summary>
internal static class CropRegion
{
    /// <summary>The smallest rectangle that holds all that is masked and <paramref name="padding"/> pixels around it, widened to the shape of
    /// the size that it is drawn at, as far as the picture reaches.</summary>
    /// <exception cref="ArgumentException">Nothing is masked.</exception>
    public static PictureRegion Of(Picture mask, int width, int height, int padding)
    {
        int[] columns = [.. Enumerable.Range(0, mask.Width).Where(x => Enumerable.Range(0, mask.Height).Any(y => mask.Pixels[(y * mask.Width) + x] != 0))];
        int[] rows = [.. Enumerable.Range(0, mask.Height).Where(y => mask.Pixels.AsSpan(y * mask.Width, mask.Width).ContainsAnyExcept((byte)0))];
        if (rows.Length == 0)
        {
            throw new ArgumentException("mask_image: nothing in it is white, so there is no masked area to draw (padding_mask_crop); paint white what is to be drawn anew.");
        }

        var (left, right) = (Math.Max(columns[0] - padding, 0), Math.Min(columns[^1] + 1 + padding, mask.Width));
        var (top, bottom) = (Math.Max(rows[0] - padding, 0), Math.Min(rows[^1] + 1 + padding, mask.Height));
        double shape = (double)width / height;
        if ((double)(right - left) / (bottom - top) > shape)
        {
            (top, bottom) = Widened(top, bottom, (int)(((right - left) / shape) - (bottom - top)), mask.Height);
        }
        else
        {
            (left, right) = Widened(left, right, (int)(((bottom - top) * shape) - (right - left)), mask.Width);
        }

        return new PictureRegion(left, top, right, bottom);
    }

    /// <summary>A stretch that is longer by <paramref name="more"/>, half at either end, moved and cut to 0 … <paramref name="limit"/>.</summary>
    private static (int From, int To) Widened(int from, int to, int more, int limit)
    {
        (from, to) = (from - (more / 2), to + more - (more / 2));
        (from, to) = to > limit ? (from - (to - limit), limit) : (from, to);
        return from < 0 ? (0, Math.Min(to - from, limit)) : (from, to);
    }
}
