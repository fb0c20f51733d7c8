namespace StableDiffusion.Diffusion.Pictures;

/// <summary>Pictures at other sizes, to the byte as Pillow's <c>Image.resize</c> makes them.</summary>
public static class PictureResize
{
    private const int FractionBits = 32 - 8 - 2; // of the weights: what an int has beside a byte, a sign and a bit for overshoot
    private const double Lobes = 3;

    /// <summary>Lanczos' filter of three lobes, along the rows and then along the columns, rounded to bytes after each. A pixel counts for as much
    /// as it is opaque; those of an indexed picture (<see cref="Picture.IsIndexed"/>) do not mix.</summary>
    public static Picture Lanczos(Picture picture, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(picture);
        return (picture.Width, picture.Height) == (width, height) ? picture
            : picture.IsIndexed ? Nearest(picture, width, height)
            : picture.Channels is 2 or 4 ? PictureAlpha.Divided(Filtered(PictureAlpha.Multiplied(picture), width, height))
            : Filtered(picture, width, height);
    }

    private static Picture Filtered(Picture picture, int width, int height)
    {
        var wide = picture.Width == width ? picture : Rows(picture, width);
        return wide.Height == height ? wide : Columns(wide, height);
    }

    /// <summary>The pixel whose area holds the new pixel's centre.</summary>
    public static Picture Nearest(Picture picture, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(picture);
        int channels = picture.Channels;
        int[] columns = Centres(picture.Width, width), rows = Centres(picture.Height, height);
        var pixels = new byte[width * height * channels];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int from = ((rows[y] * picture.Width) + columns[x]) * channels;
                picture.Pixels.AsSpan(from, channels).CopyTo(pixels.AsSpan(((y * width) + x) * channels));
            }
        }

        return new Picture(width, height, channels, pixels) { IsIndexed = picture.IsIndexed };
    }

    /// <summary>For each new pixel of a line the old one that its centre lies in. Summed up as Pillow does, which decides where a centre lies
    /// between two.</summary>
    private static int[] Centres(int from, int to)
    {
        double step = (double)from / to, centre = step / 2;
        var centres = new int[to];
        for (int pixel = 0; pixel < to; pixel++, centre += step)
        {
            centres[pixel] = Math.Min((int)centre, from - 1);
        }

        return centres;
    }

    private static Picture Rows(Picture picture, int width)
    {
        var windows = Windows(picture.Width, width);
        int channels = picture.Channels;
        var pixels = new byte[width * picture.Height * channels];
        for (int y = 0; y < picture.Height; y++)
        {
            int row = y * picture.Width * channels;
            for (int at = 0; at < width * channels; at++)
            {
                var (first, weights) = windows[at / channels];
                pixels[(y * width * channels) + at] = Weigh(picture.Pixels, row + (first * channels) + (at % channels), channels, weights);
            }
        }

        return new Picture(width, picture.Height, channels, pixels);
    }

    private static Picture Columns(Picture picture, int height)
    {
        var windows = Windows(picture.Height, height);
        int stride = picture.Width * picture.Channels;
        var pixels = new byte[height * stride];
        for (int y = 0; y < height; y++)
        {
            var (first, weights) = windows[y];
            for (int at = 0; at < stride; at++)
            {
                pixels[(y * stride) + at] = Weigh(picture.Pixels, (first * stride) + at, stride, weights);
            }
        }

        return new Picture(picture.Width, height, picture.Channels, pixels);
    }

    private static byte Weigh(byte[] pixels, int from, int stride, int[] weights)
    {
        int sum = 1 << (FractionBits - 1);
        foreach (int weight in weights)
        {
            sum += pixels[from] * weight;
            from += stride;
        }

        return (byte)Math.Clamp(sum >> FractionBits, 0, 255);
    }

    /// <summary>For each new pixel of a line the first old one that counts, and the weights from there on, in fixed point.</summary>
    private static (int First, int[] Weights)[] Windows(int from, int to)
    {
        double scale = (double)from / to, stretch = Math.Max(scale, 1), support = Lobes * stretch;
        return [.. Enumerable.Range(0, to).Select(pixel =>
        {
            double center = (pixel + 0.5) * scale;
            int first = Math.Max((int)(center - support + 0.5), 0), end = Math.Min((int)(center + support + 0.5), from);
            double[] weights = [.. Enumerable.Range(first, end - first).Select(old => Filter((old - center + 0.5) / stretch))];
            double sum = weights.Sum();
            return (first, weights.Select(weight => (int)Math.Round(weight / sum * (1 << FractionBits), MidpointRounding.AwayFromZero)).ToArray());
        })];
    }

    private static double Filter(double x) => x is >= -Lobes and < Lobes ? Sinc(x) * Sinc(x / Lobes) : 0;

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(x * Math.PI) / (x * Math.PI);
}
