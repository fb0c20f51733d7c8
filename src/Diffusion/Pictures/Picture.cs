namespace StableDiffusion.Diffusion.Pictures;

/// <summary>An 8-bit picture held row by row, channels interleaved (HWC).</summary>
public sealed class Picture
{
    /// <summary>Takes ownership of <paramref name="pixels"/>.</summary>
    /// <exception cref="ArgumentException">The sizes and the number of pixels disagree.</exception>
    public Picture(int width, int height, int channels, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(channels, 4);
        ArgumentNullException.ThrowIfNull(pixels);
        if (pixels.LongLength != (long)width * height * channels)
        {
            throw new ArgumentException($"{width}×{height}×{channels} needs {(long)width * height * channels} bytes, not {pixels.LongLength}.", nameof(pixels));
        }

        (Width, Height, Channels, Pixels) = (width, height, channels, pixels);
    }

    /// <summary>In pixels.</summary>
    public int Width { get; }

    /// <summary>In pixels.</summary>
    public int Height { get; }

    /// <summary>1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.</summary>
    public int Channels { get; }

    /// <summary>Height × Width × Channels bytes.</summary>
    public byte[] Pixels { get; }

    /// <summary>Whether its file held single bits or entries of a palette, which do not mix: at other sizes it has its nearest pixels, as in
    /// Pillow. What it is converted to mixes.</summary>
    public bool IsIndexed { get; init; }

    /// <summary>The same picture in RGB: grey is repeated, alpha is dropped.</summary>
    public Picture ToRgb()
    {
        if (Channels == 3)
        {
            return this;
        }

        var rgb = new byte[Width * Height * 3];
        for (int pixel = 0; pixel < Width * Height; pixel++)
        {
            for (int c = 0; c < 3; c++)
            {
                rgb[(pixel * 3) + c] = Pixels[(pixel * Channels) + (Channels < 3 ? 0 : c)];
            }
        }

        return new Picture(Width, Height, 3, rgb);
    }

    /// <summary>The same picture in grey, with the luma weights of ITU-R 601-2 in the fixed point that Pillow uses; alpha is dropped.</summary>
    public Picture ToGrey()
    {
        if (Channels == 1)
        {
            return this;
        }

        var grey = new byte[Width * Height];
        for (int pixel = 0; pixel < grey.Length; pixel++)
        {
            int at = pixel * Channels;
            grey[pixel] = Channels == 2
                ? Pixels[at]
                : (byte)(((Pixels[at] * 19595) + (Pixels[at + 1] * 38470) + (Pixels[at + 2] * 7471) + 0x8000) >> 16);
        }

        return new Picture(Width, Height, 1, grey);
    }
}
