namespace StableDiffusion.Diffusion.Pictures;

/// <summary>Softens pictures, to the byte as Pillow's <c>ImageFilter.GaussianBlur</c> does.</summary>
public static class PictureBlur
{
    private const int Passes = 3;
    private const int FractionBits = 24;

    /// <summary>Near enough a Gaussian: three box filters along the rows, then three along the columns; the edges go on as they end.</summary>
    /// <param name="picture">Of any channels.</param>
    /// <param name="radius">Standard deviation in pixels; 0 gives the picture itself.</param>
    public static Picture Gaussian(Picture picture, double radius)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (radius <= 0)
        {
            return picture;
        }

        byte[] pixels = [.. picture.Pixels];
        double box = BoxRadius(radius);
        int channels = picture.Channels, stride = picture.Width * channels;
        for (int y = 0; y < picture.Height; y++)
        {
            BlurLines(pixels, y * stride, channels, channels, picture.Width, box);
        }

        BlurLines(pixels, 0, stride, stride, picture.Height, box);
        return new Picture(picture.Width, picture.Height, channels, pixels);
    }

    /// <summary>Half the width of the box, with a fraction, that in three passes spreads as much as the Gaussian (Gwosdek et al. 2011,
    /// "Theoretical foundations of Gaussian convolution by extended box filtering").</summary>
    private static double BoxRadius(double radius)
    {
        float variance = (float)(radius * radius / Passes);
        float length = (float)Math.Sqrt((12.0 * variance) + 1);
        float whole = (float)Math.Floor((length - 1) / 2.0);
        float fraction = ((2 * whole) + 1) * ((whole * (whole + 1)) - (3 * variance));
        fraction /= 6 * (variance - ((whole + 1) * (whole + 1)));
        return whole + fraction;
    }

    /// <summary>Blurs side by side <paramref name="lines"/> lines, whose pixels lie <paramref name="step"/> apart.</summary>
    private static void BlurLines(byte[] pixels, int start, int lines, int step, int length, double radius)
    {
        byte[] line = new byte[length], blurred = new byte[length];
        for (int i = start; i < start + lines; i++)
        {
            for (int at = 0; at < length; at++)
            {
                line[at] = pixels[i + (at * step)];
            }

            for (int pass = 0; pass < Passes; pass++)
            {
                Box(line, blurred, (float)radius);
                (line, blurred) = (blurred, line);
            }

            for (int at = 0; at < length; at++)
            {
                pixels[i + (at * step)] = line[at];
            }
        }
    }

    /// <summary>The mean over a box; the pixels just outside its whole part count with its fraction.</summary>
    private static void Box(byte[] line, byte[] blurred, float radius)
    {
        int whole = (int)radius, last = line.Length - 1;
        uint inner = (uint)((1 << FractionBits) / ((radius * 2) + 1)), outer = ((1u << FractionBits) - ((((uint)whole * 2) + 1) * inner)) / 2;
        uint sum = 0;
        for (int at = -whole; at <= whole; at++)
        {
            sum += line[Math.Clamp(at, 0, last)];
        }

        for (int at = 0; at <= last; at++)
        {
            uint left = line[Math.Max(at - whole - 1, 0)], right = line[Math.Min(at + whole + 1, last)];
            blurred[at] = (byte)(((sum * inner) + ((left + right) * outer) + (1u << (FractionBits - 1))) >> FractionBits);
            sum = sum + right - line[Math.Max(at - whole, 0)];
        }
    }
}
