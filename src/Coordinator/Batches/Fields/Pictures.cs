using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>Image to image and in-painting.</summary>
internal static class Pictures
{
    private const double DefaultStrength = 0.75;
    private const double DefaultBlur = 4, MostBlur = 64;
    private const int DefaultPadding = 32, MostPadding = 256;

    /// <summary>The picture to start from; null when there is none.</summary>
    public static InputPicture? Init(ImageFields request, RequestInputs inputs, RequestErrors errors)
    {
        if (request.InitImages is not { } pictures)
        {
            errors.Only("init_images", ("mask", request.Mask));
            if (request.EnableHr != true)
            {
                errors.Only("init_images or enable_hr", ("denoising_strength", request.DenoisingStrength));
            }

            return null;
        }

        if (pictures.Count != 1)
        {
            errors.Add("init_images", $"The list has {pictures.Count} pictures: give exactly one.");
            return null;
        }

        return inputs.Read("init_images[0]", pictures[0], errors);
    }

    /// <summary>How the picture is started from.</summary>
    public static ImageToImageSettings? ImageToImage(ImageFields request, InputPicture? init, int steps, RequestErrors errors) => init is null ? null : new()
    {
        Image = init.Hash,
        DenoisingStrength = errors.Strength(request.DenoisingStrength, DefaultStrength, steps),
    };

    /// <summary>What is drawn anew; null for all of it.</summary>
    public static InpaintingSettings? Inpainting(ImageFields request, RequestInputs inputs, RequestErrors errors)
    {
        if (request.Mask is null)
        {
            errors.Only(
                "mask", ("mask_blur", request.MaskBlur), ("inpainting_mask_invert", request.InpaintingMaskInvert), ("inpainting_fill", request.InpaintingFill),
                ("inpaint_full_res", request.InpaintFullRes), ("inpaint_full_res_padding", request.InpaintFullResPadding), ("paste_back", request.PasteBack));
            return null;
        }

        var mask = inputs.Read("mask", request.Mask, errors);
        if (request.InpaintFullRes != true)
        {
            errors.Only("inpaint_full_res", ("inpaint_full_res_padding", request.InpaintFullResPadding));
        }

        var fill = errors.Whole("inpainting_fill", request.InpaintingFill, (int)InpaintingFill.Original, 0, 3, " (the surrounding colours, what is there, noise, zeros)");
        return new InpaintingSettings
        {
            Mask = mask?.Hash ?? "",
            MaskBlur = errors.Number("mask_blur", request.MaskBlur, DefaultBlur, 0, MostBlur),
            InpaintingMaskInvert = errors.Whole("inpainting_mask_invert", request.InpaintingMaskInvert, 0, 0, 1, " (0 draws the white part anew, 1 the black)") == 1,
            InpaintingFill = (InpaintingFill)fill,
            InpaintFullRes = request.InpaintFullRes ?? false,
            InpaintFullResPadding = errors.Whole("inpaint_full_res_padding", request.InpaintFullResPadding, DefaultPadding, 0, MostPadding),
            PasteBack = request.PasteBack ?? true,
        };
    }
}
