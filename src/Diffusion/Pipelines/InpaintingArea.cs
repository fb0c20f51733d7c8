using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>The part of the request's picture that is drawn, at the size that it is drawn at, and the way back.</summary>
/// <param name="Whole">What the drawn part is put back into: the input, of the drawn size if all of it is drawn.</param>
/// <param name="SoftMask">Grey, of that size: how much of each pixel is the drawn one's.</param>
/// <param name="Region">What is drawn of it; null is all.</param>
/// <param name="Image">The part, at the drawn size.</param>
/// <param name="Mask">The mask over it, at the drawn size.</param>
/// <param name="PasteBack">Whether all of the input that is not drawn is put back, where the whole picture is drawn.</param>
internal sealed record InpaintingArea(Picture Whole, Picture SoftMask, PictureRegion? Region, Picture Image, Picture Mask, bool PasteBack)
{
    /// <summary>Cuts out what is drawn.</summary>
    /// <exception cref="ArgumentException">Only the masked area is to be drawn, and nothing is masked.</exception>
    public static InpaintingArea Of(Picture image, Inpainting inpainting, DrawnSize size)
    {
        image = image.ToRgb();
        var mask = PictureBlur.Gaussian(inpainting.Mask, inpainting.MaskBlur);
        if (inpainting.PaddingMaskCrop is not { } padding)
        {
            var (resized, soft) = (PictureResize.Lanczos(image, size.Width, size.Height), Grey(PictureResize.Lanczos(mask, size.Width, size.Height)));
            return new InpaintingArea(resized, soft, null, Filled(resized, soft), soft, inpainting.PasteBack);
        }

        mask = PictureResize.Lanczos(mask, image.Width, image.Height);
        var region = CropRegion.Of(Grey(mask), size.Width, size.Height, padding);
        var (part, partMask) = (PictureFit.Fill(region.Of(image), size.Width, size.Height), Grey(PictureFit.Fill(region.Of(mask), size.Width, size.Height)));
        return new InpaintingArea(image, Grey(mask), region, Filled(part, partMask), partMask, PasteBack: true);

        Picture Grey(Picture colours)
        {
            var grey = colours.ToGrey();
            return inpainting.InvertMask ? new Picture(grey.Width, grey.Height, 1, [.. grey.Pixels.Select(value => (byte)(255 - value))]) : grey;
        }

        Picture Filled(Picture picture, Picture soft) => inpainting.Fill == InpaintingFill.Fill ? ColourFlow.Fill(picture, soft) : picture;
    }

    /// <summary>The drawn picture in its place: outside the mask the pixels are the input's, along its soft edge a mixture.</summary>
    public Picture PutBack(Picture drawn)
    {
        if (!PasteBack)
        {
            return drawn;
        }

        if (Region is { } region)
        {
            drawn = region.Paste(Whole, PictureFit.Crop(drawn, region.Width, region.Height));
        }

        var pixels = new byte[Whole.Pixels.Length];
        for (int at = 0; at < pixels.Length; at++)
        {
            int share = SoftMask.Pixels[at / Whole.Channels];
            pixels[at] = (byte)(((drawn.Pixels[at] * share) + (Whole.Pixels[at] * (255 - share)) + 127) / 255);
        }

        return new Picture(Whole.Width, Whole.Height, Whole.Channels, pixels);
    }
}
