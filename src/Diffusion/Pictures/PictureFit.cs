namespace StableDiffusion.Diffusion.Pictures;

/// <summary>Pictures at sizes of another shape without distortion, as diffusers' VaeImageProcessor fits them.</summary>
public static class PictureFit
{
    /// <summary>The whole picture, in the middle; its outermost pixels go on to the edges.</summary>
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
        int left = (width / 2) - (fitWidth / 2), top = (height / 2) - (fitHeight / 2);
        return new PictureRegion(-left, -top, width - left, height - top).Of(resized);
    }
}
