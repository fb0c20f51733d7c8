namespace StableDiffusion.Diffusion.Pictures;

/// <summary>Pictures at sizes of another shape without distortion, as diffusers' VaeImageProcessor fits them.</summary>
public static class PictureFit
{
    /// <summary>The whole picture, in the middle; beyond its edges it goes on as Pillow's bicubic filter continues it, to the byte.</summary>
    public static Picture Fill(Picture picture, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(picture);
        bool wider = (double)width / height < (double)picture.Width / picture.Height;
        return Centred(picture, width, height, byWidth: wider);
    }

    /// <summary>The picture's middle; what is too much is cut off.</summary>
    public static Picture Crop(Picture picture, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(picture);
        bool narrower = (double)width / height > (double)picture.Width / picture.Height;
        return Centred(picture, width, height, byWidth: narrower);
    }

    private static Picture Centred(Picture picture, int width, int height, bool byWidth)
    {
        int fitWidth = byWidth ? width : Math.Max((int)((long)picture.Width * height / picture.Height), 1);
        int fitHeight = byWidth ? Math.Max((int)((long)picture.Height * width / picture.Width), 1) : height;
        var resized = PictureResize.Lanczos(picture, fitWidth, fitHeight);
        resized = resized.Channels is 2 or 4 ? resized.ToRgb() : resized;
        int left = (width / 2) - (fitWidth / 2), top = (height / 2) - (fitHeight / 2);
        return new PictureRegion(1 - left, 1 - top, 1 - left + width, 1 - top + height).Of(Continued(resized));
    }

    /// <summary>With one more line at every edge, which the filter's two weights there, 9/8 and -1/8, make of the outermost two.</summary>
    private static Picture Continued(Picture picture)
    {
        var wider = new PictureRegion(-1, -1, picture.Width + 1, picture.Height + 1).Of(picture);
        if (picture.IsIndexed)
        {
            return wider; // with its edge again
        }

        int across = wider.Channels, down = wider.Width * across;
        Continue(across, wider.Width, down, wider.Height);
        Continue(down, wider.Height, across, wider.Width);
        return wider;

        void Continue(int inwards, int length, int along, int lines)
        {
            for (int at = 0; at < lines * across; at++)
            {
                int first = (at / across * along) + (at % across), last = first + ((length - 1) * inwards);
                (wider.Pixels[first], wider.Pixels[last]) = (Beyond(first + inwards, inwards), Beyond(last - inwards, -inwards));
            }
        }

        byte Beyond(int edge, int inwards) => (byte)Math.Clamp(((9 * wider.Pixels[edge]) - wider.Pixels[edge + inwards] + 4) >> 3, 0, 255);
    }
}
