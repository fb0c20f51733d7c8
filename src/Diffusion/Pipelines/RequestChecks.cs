using System.Diagnostics.CodeAnalysis;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Prompts;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>Refuses a request that a model cannot draw, before anything is computed; each message begins with the field, named as in
/// diffusers, or as in A1111 where diffusers has none.</summary>
internal static class RequestChecks
{
    private const string NoSecondEncoder = "this model has one text encoder, and only SDXL's base a second that reads it; leave it out.";

    /// <exception cref="ArgumentException">A field is out of range.</exception>
    public static void Check(GenerationRequest request, StableDiffusionModel model)
    {
        CheckImages(request, model);
        bool fromNoise = request is { Init: null, Continuation: null };
        Require(!(model.RequiresAestheticsScore && fromNoise), "image: this model, SDXL's refiner, draws over a picture alone; give it one, or draw with the base.");
        Require(request.NumInferenceSteps >= 1, $"num_inference_steps: {request.NumInferenceSteps} is less than 1.");
        Require(double.IsFinite(request.GuidanceScale), $"guidance_scale: {request.GuidanceScale} is not a finite number.");
        Require(request.GuidanceRescale is >= 0 and <= 1, $"guidance_rescale: {request.GuidanceRescale} is not in 0 … 1.");
        Require(request.Eta is >= 0 and <= 1, $"eta: {request.Eta} is not in 0 … 1.");
        int layers = PromptReader.LargestClipSkip(model);
        Require(request.ClipSkip is null or >= 0 && !(request.ClipSkip > layers), $"clip_skip: {request.ClipSkip} is not in 0 … {layers}, as the layers of this model's text encoder allow.");
        Require(request.BatchClass >= 1, $"batch_class: {request.BatchClass} is less than 1, a picture a call.");
        CheckContinuation(request, model);
        CheckInit(request);
        CheckInpainting(request, model);
        CheckControlNets(request, model);
        var passes = Pass.Of(request, model);
        CheckSize(passes[0].Size, "width", "height", model.VaeScaleFactor);
        CheckHighResolution(request, model, passes);
        CheckSizeConditions(request.SizeConditions);
    }

    private static void CheckImages(GenerationRequest request, StableDiffusionModel model)
    {
        Require(request.Images is { Count: > 0 }, "images: at least one picture must be asked for.");
        foreach (var (image, index) in request.Images.Select((image, index) => (image, index)))
        {
            Require(image is { Prompt: not null }, $"images[{index}].prompt: it must not be null; an empty prompt is \"\".");
            Require(image.Seed >= 0, $"images[{index}].seed: {image.Seed} is negative; seeds are 0 and above.");
            bool two = model.TextEncoders.Count == 2;
            Require(two || image.Prompt2 is null, $"images[{index}].prompt_2: {NoSecondEncoder}");
            Require(two || image.NegativePrompt2 is null, $"images[{index}].negative_prompt_2: {NoSecondEncoder}");
            bool second = !string.IsNullOrEmpty(image.Prompt2) || !string.IsNullOrEmpty(image.NegativePrompt2);
            Require(request.PromptReading == PromptReading.Diffusers || !second, $"images[{index}].prompt_2: A1111's reading gives both text encoders one prompt; leave it out, or read prompts as diffusers does.");
        }
    }

    private static void CheckContinuation(GenerationRequest request, StableDiffusionModel model)
    {
        Require(request.DenoisingEnd is null or (> 0 and < 1), $"denoising_end: {request.DenoisingEnd} is not between 0 and 1; leave it out to draw to the end.");
        Require(request.DenoisingEnd is null || request.HighResolution is null, "denoising_end: a second pass goes on from finished latents alone; leave one of them out.");
        if (request.Continuation is not { } before)
        {
            return;
        }

        Require(before.DenoisingStart is > 0 and < 1, $"denoising_start: {before.DenoisingStart} is not between 0 and 1.");
        Require(!(request.DenoisingEnd <= before.DenoisingStart), $"denoising_start: {before.DenoisingStart} is not before denoising_end, {request.DenoisingEnd}.");
        Require(request is { Init: null, HighResolution: null }, "latents: what goes on from them takes no image and has no second pass.");
        var given = before.Latents ?? [];
        Require(given.Count == request.Images.Count, $"latents: there are {given.Count}, and {request.Images.Count} pictures go on from them.");
        int channels = model.Vae.Config.LatentChannels;
        foreach (var (index, latents) in given.Index())
        {
            Require(
                latents is not null && latents.dim() == 4 && latents.shape[0] == 1 && latents.shape[1] == channels && latents.shape.SequenceEqual(given[0].shape),
                $"latents[{index}]: each must be (1, {channels}, h, w), and all of one size.");
        }

        int factor = model.VaeScaleFactor;
        long height = given[0].shape[2] * factor, width = given[0].shape[3] * factor;
        Require((request.Width ?? width) == width, $"width: {request.Width} is not that of the latents, {width}; leave it out.");
        Require((request.Height ?? height) == height, $"height: {request.Height} is not that of the latents, {height}; leave it out.");
    }

    private static void CheckInit(GenerationRequest request)
    {
        if (request.Init is not { } init)
        {
            return;
        }

        Require(init.Image is not null, "image: there is no picture to start from.");
        Require(init.Strength is >= 0 and <= 1, $"strength: {init.Strength} is not in 0 … 1.");
        CheckSteps("strength", init.Strength, request.NumInferenceSteps);
    }

    private static void CheckInpainting(GenerationRequest request, StableDiffusionModel model)
    {
        int channels = model.UNet.Config.InChannels, latents = model.Vae.Config.LatentChannels;
        Require(
            channels == latents || channels == (2 * latents) + 1,
            $"model: its U-Net takes {channels} channels; {latents} are for latents and {(2 * latents) + 1} for in-painting, other kinds are not built.");
        Require(channels == latents || request.Inpainting is not null, "mask_image: this model is made for in-painting alone; give it an image and a mask_image.");
        if (request.Inpainting is not { } inpainting)
        {
            return;
        }

        Require(request.Init is not null, "image: in-painting wants the picture that the mask_image is for.");
        Require(inpainting.Mask is not null, "mask_image: there is none.");
        Require(inpainting.MaskBlur is >= 0 and <= 1024, $"mask_blur: {inpainting.MaskBlur} is not in 0 … 1024 pixels.");
        Require(inpainting.PaddingMaskCrop is null or >= 0, $"padding_mask_crop: {inpainting.PaddingMaskCrop} is negative; 0 draws the masked area with nothing around it.");
        Require(inpainting.LatentsSeed is null or >= 0, $"latents_seed: {inpainting.LatentsSeed} is negative; seeds are 0 and above.");
        Require(Enum.IsDefined(inpainting.Fill), $"inpainting_fill: {inpainting.Fill} is none of {string.Join(", ", Enum.GetNames<InpaintingFill>())}.");
    }

    private static void CheckControlNets(GenerationRequest request, StableDiffusionModel model)
    {
        foreach (var (index, input) in request.ControlNets.Index())
        {
            Require(input is { Network: not null, Image: not null }, $"controlnets[{index}]: it wants a network and the picture that this looks at.");
            Require(double.IsFinite(input.Scale), $"controlnet_conditioning_scale[{index}]: {input.Scale} is not a finite number.");
            Require(input.Start is >= 0 and < 1, $"control_guidance_start[{index}]: {input.Start} is not in 0 … 1, 1 excluded.");
            Require(input.End is > 0 and <= 1, $"control_guidance_end[{index}]: {input.End} is not in 0 … 1, 0 excluded.");
            Require(input.Start < input.End, $"control_guidance_start[{index}]: {input.Start} is not before control_guidance_end, {input.End}.");
            var (config, unet) = (input.Network.Config, model.UNet.Config);
            Require(
                config.CrossAttentionDim == unet.CrossAttentionDim && config.BlockOutChannels.SequenceEqual(unet.BlockOutChannels)
                    && Enumerable.Range(0, unet.BlockOutChannels.Count).All(level => config.LayersPerBlock[level] == unet.LayersPerBlock[level])
                    && config.AdditionEmbedType == unet.AdditionEmbedType && config.PixelsPerLatent == model.VaeScaleFactor,
                $"controlnets[{index}]: it was made for another kind of model than this one; take one for the same family (SD 1.x, SD 2.x or XL).");
        }
    }

    private static void CheckHighResolution(GenerationRequest request, StableDiffusionModel model, IReadOnlyList<Pass> passes)
    {
        if (request.HighResolution is not { } high)
        {
            return;
        }

        Require(request.Init is null, "enable_hr: a second pass follows text-to-image; leave out the image, or take image-to-image at the larger size.");
        Require(high.Scale is >= 1 and <= 16, $"hr_scale: {high.Scale} is not in 1 … 16.");
        CheckSize(passes[1].Size, "hr_resize_x", "hr_resize_y", model.VaeScaleFactor);
        Require(Enum.IsDefined(high.Upscaler), $"hr_upscaler: {high.Upscaler} is none of {string.Join(", ", Enum.GetNames<Upscaler>())}.");
        Require(high.DenoisingStrength is >= 0 and <= 1, $"denoising_strength: {high.DenoisingStrength} is not in 0 … 1.");
        Require(high.NumInferenceSteps is null or >= 1, $"hr_second_pass_steps: {high.NumInferenceSteps} is less than 1.");
        CheckSteps("denoising_strength", high.DenoisingStrength, passes[1].NumInferenceSteps);
    }

    private static void CheckSizeConditions(SizeConditions? sizes)
    {
        CheckPair("original_size", sizes?.OriginalSize, least: 1);
        CheckPair("target_size", sizes?.TargetSize, least: 1);
        CheckPair("crops_coords_top_left", sizes?.CropsCoordsTopLeft, least: 0);
        CheckPair("negative_original_size", sizes?.NegativeOriginalSize, least: 1);
        CheckPair("negative_target_size", sizes?.NegativeTargetSize, least: 1);
        CheckPair("negative_crops_coords_top_left", sizes?.NegativeCropsCoordsTopLeft, least: 0);
        Require(double.IsFinite(sizes?.AestheticScore ?? 0), $"aesthetic_score: {sizes?.AestheticScore} is not a finite number.");
        Require(double.IsFinite(sizes?.NegativeAestheticScore ?? 0), $"negative_aesthetic_score: {sizes?.NegativeAestheticScore} is not a finite number.");
    }

    private static void CheckPair(string field, (int First, int Second)? pair, int least) =>
        Require(
            pair is null || (pair.Value.First >= least && pair.Value.Second >= least),
            $"{field}: ({pair?.First}, {pair?.Second}) must be of whole numbers from {least} on: height and width, or top and left.");

    private static void CheckSize(DrawnSize size, string width, string height, int factor)
    {
        Require(size.Width > 0 && size.Width % factor == 0, $"{width}: {size.Width} is no positive multiple of {factor}, the pixels that one latent of this model stands for.");
        Require(size.Height > 0 && size.Height % factor == 0, $"{height}: {size.Height} is no positive multiple of {factor}, the pixels that one latent of this model stands for.");
    }

    private static void CheckSteps(string field, double strength, int steps) =>
        Require(
            strength == 0 || (int)(strength * steps) >= 1,
            $"{field}: {strength} of {steps} steps is less than one; take more steps, a strength of {Math.Ceiling(1000.0 / steps) / 1000} or more, or 0 for the picture as the VAE has it.");

    private static void Require([DoesNotReturnIf(false)] bool holds, string message)
    {
        if (!holds)
        {
            throw new ArgumentException(message);
        }
    }
}
