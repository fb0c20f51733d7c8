namespace StableDiffusion.Diffusion.Pictures;

/// <summary>A rectangle of a picture, in pixels; right and bottom are just outside.</summary>
public readonly record struct PictureRegion(int Left, int Top, int Right, int Bottom)
{
    /// <summary>In pixels.</summary>
    public int Width => Right - Left;

    /// <summary>In pixels.</summary>
    public int Height => Bottom - Top;

    /// <summary>The part of a picture that lies here; what reaches over its edges repeats them.</summary>
    public Picture Of(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        int channels = picture.Channels;
        var pixels = new byte[Width * Height * channels];
        for (int y = 0; y < Height; y++)
        {
            int row = Math.Clamp(Top + y, 0, picture.Height - 1) * picture.Width;
            for (int x = 0; x < Width; x++)
            {
                int from = row + Math.Clamp(Left + x, 0, picture.Width - 1);
                picture.Pixels.AsSpan(from * channels, channels).CopyTo(pixels.AsSpan(((y * Width) + x) * channels));
            }
        }

        return new Picture(Width, Height, channels, pixels) { IsIndexed = picture.IsIndexed };
    }

    /// <summary>A copy of <paramref name="picture"/> with <paramref name="part"/>, which is of this size, here.</summary>
    public Picture Paste(Picture picture, Picture part)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(part);
        byte[] pixels = [.. picture.Pixels];
        int stride = Width * picture.Channels;
        for (int y = 0; y < Height; y++)
        {
            part.Pixels.AsSpan(y * stride, stride).CopyTo(pixels.AsSpan((((Top + y) * picture.Width) + Left) * picture.Channels));
        }

        return new Picture(picture.Width, picture.Height, picture.Channels, pixels);
    }
}
