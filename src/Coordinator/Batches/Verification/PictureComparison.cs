using StableDiffusion.Contracts.Verification;
using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches.Verification;

/// <summary>Compares the pixels of two pictures, a row at a time.</summary>
internal static class PictureComparison
{
    /// <summary>How far they are from each other; null when their sizes differ.</summary>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public static PixelDifference? Compare(PngReader origin, PngReader rerun)
    {
        if ((origin.Width, origin.Height, origin.Channels) != (rerun.Width, rerun.Height, rerun.Channels))
        {
            return null;
        }

        var (most, sum, squares, pixels) = (0, 0L, 0L, 0L);
        for (var y = 0; y < origin.Height; y++)
        {
            ReadOnlySpan<byte> before = origin.ReadRow(), after = rerun.ReadRow();
            for (var pixel = 0; pixel < before.Length; pixel += origin.Channels)
            {
                if (before.Slice(pixel, origin.Channels).SequenceEqual(after.Slice(pixel, origin.Channels)))
                {
                    continue;
                }

                pixels++;
                for (var sample = pixel; sample < pixel + origin.Channels; sample++)
                {
                    var difference = Math.Abs(before[sample] - after[sample]);
                    (most, sum, squares) = (Math.Max(most, difference), sum + difference, squares + (difference * difference));
                }
            }
        }

        var count = (double)origin.Width * origin.Height;
        var samples = count * origin.Channels;
        return new PixelDifference
        {
            Max = most,
            Mean = sum / samples,
            Psnr = squares == 0 ? null : 10 * Math.Log10(255.0 * 255 * samples / squares),
            Share = pixels / count,
        };
    }
}
