namespace StableDiffusion.Diffusion.Pictures;

/// <summary>What is made of transparency.</summary>
public static class PictureAlpha
{
    private const byte Opaque = 255;

    /// <summary>RGB, with white behind what is transparent: a picture to start from, as A1111 takes it.</summary>
    public static Picture OverWhite(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        if (!IsTransparent(picture))
        {
            return picture.ToRgb();
        }

        var pixels = picture.ToRgb().Pixels;
        for (int at = 0; at < pixels.Length; at++)
        {
            int alpha = Alpha(picture, at / 3);
            pixels[at] = Share((pixels[at] * alpha) + (Opaque * (Opaque - alpha)));
        }

        return new Picture(picture.Width, picture.Height, 3, pixels);
    }

    /// <summary>Grey: a mask, as A1111 takes it. Where anything of a picture is transparent, what is opaque is white, whatever its colours.</summary>
    public static Picture AsMask(Picture picture)
    {
        ArgumentNullException.ThrowIfNull(picture);
        byte[] pixels = IsTransparent(picture)
            ? [.. Enumerable.Range(0, picture.Width * picture.Height).Select(pixel => Alpha(picture, pixel) > 128 ? Opaque : (byte)0)]
            : picture.ToGrey().Pixels;
        return new Picture(picture.Width, picture.Height, 1, pixels);
    }

    /// <summary>Colours times alpha, which mix as light does.</summary>
    internal static Picture Multiplied(Picture picture) => Coloured(picture, (colour, alpha) => Share(colour * alpha));

    /// <summary>The way back.</summary>
    internal static Picture Divided(Picture picture) =>
        Coloured(picture, (colour, alpha) => alpha is 0 or Opaque ? colour : (byte)Math.Min(Opaque * colour / alpha, Opaque));

    private static Picture Coloured(Picture picture, Func<byte, byte, byte> change)
    {
        byte[] pixels = [.. picture.Pixels];
        for (int at = 0; at < pixels.Length; at++)
        {
            int last = picture.Channels - 1; // alpha's place
            pixels[at] = at % picture.Channels == last ? pixels[at] : change(pixels[at], Alpha(picture, at / picture.Channels));
        }

        return new Picture(picture.Width, picture.Height, picture.Channels, pixels);
    }

    private static bool IsTransparent(Picture picture) =>
        picture.Channels is 2 or 4 && Enumerable.Range(0, picture.Width * picture.Height).Any(pixel => Alpha(picture, pixel) != Opaque);

    private static byte Alpha(Picture picture, int pixel) => picture.Pixels[((pixel + 1) * picture.Channels) - 1];

    /// <summary>A product of bytes over 255, rounded as Pillow does.</summary>
    private static byte Share(int product) => (byte)((product + 128 + ((product + 128) >> 8)) >> 8);
}
