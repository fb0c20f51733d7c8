using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Sampling;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Worker.Adapters;
using InpaintingFill = StableDiffusion.Diffusion.Pipelines.InpaintingFill;

namespace StableDiffusion.Worker.Rendering;

/// <summary>From the farm's settings, which are A1111's, to the diffusion library's request, which is diffusers'.</summary>
internal static class GroupRequest
{
    /// <summary>The request that draws a group.</summary>
    /// <param name="images">At least one; all of one <see cref="GroupKey"/>.</param>
    /// <param name="model">Draws it.</param>
    /// <param name="inputs">The pictures that the settings name, by hash.</param>
    /// <param name="adapters">Loads the embeddings and ControlNets that the settings name.</param>
    /// <exception cref="ArgumentException">The images differ in more than prompt and seed, or name a sampler or layer that there is not.</exception>
    public static GenerationRequest Create(
        IReadOnlyList<ImageSettings> images, StableDiffusionModel model, IReadOnlyDictionary<string, Picture> inputs, LoadedAdapters adapters)
    {
        var settings = images[0];
        if (images.Select(GroupKey.Of).Distinct().Count() > 1)
        {
            throw new ArgumentException("The images of a group may differ in prompts and seed alone.");
        }

        var sampler = Samplers.Find(settings.SamplerName, settings.Scheduler)
            ?? throw new ArgumentException($"sampler_name: \"{settings.SamplerName}\" with the schedule type \"{settings.Scheduler}\" is no sampler that is built; these are: {string.Join(", ", Samplers.Names)}.");
        var layers = new[] { model.TextEncoder?.Config, model.TextEncoder2?.Config }.OfType<CLIPTextConfig>().Min(config => config.NumHiddenLayers);
        if (settings.ClipSkip > layers)
        {
            throw new ArgumentException($"clip_skip: {settings.ClipSkip} is more than the {layers} layers of this model's text encoder; give 1 … {layers}."); // as the request counts
        }

        var controlNets = adapters.ControlNets(settings);

        return new GenerationRequest
        {
            Images = [.. images.Select(image => Prompt(image, model))],
            Width = settings.Width,
            Height = settings.Height,
            NumInferenceSteps = settings.Steps,
            GuidanceScale = settings.CfgScale,
            GuidanceRescale = settings.GuidanceRescale,
            Eta = settings.Eta,
            ClipSkip = settings.ClipSkip - 1, // A1111 counts layers, diffusers those left out
            Scheduler = sampler.SchedulerClass,
            SchedulerConfig = new SchedulerConfig(sampler.Over(model.SchedulerConfig), "scheduler_config.json"),
            PromptReading = settings.PromptSyntax == PromptSyntax.Plain ? PromptReading.Diffusers : PromptReading.A1111,
            Embeddings = adapters.Embeddings(model, settings),
            Init = settings.ImageToImage is { } init ? new ImageToImage { Image = PictureAlpha.OverWhite(inputs[init.Image]), Strength = init.DenoisingStrength } : null,
            Inpainting = settings.Inpainting is { } inpainting ? Inpainting(inpainting, inputs) : null,
            ControlNets = [.. (settings.ControlNets ?? []).Zip(controlNets, (unit, network) => ControlNet(unit, network, inputs))],
            GuessMode = settings.ControlNets?[0].ControlMode == ControlModes.Control,
            HighResolution = settings.HighResolution is { } second ? HighResolution(second) : null,
            SizeConditions = settings.Sizes is { } sizes ? SizeConditions(sizes) : null,
            BatchClass = settings.BatchClass,
        };
    }

    private static ImagePrompt Prompt(ImageSettings image, StableDiffusionModel model)
    {
        var plain = image.PromptSyntax == PromptSyntax.Plain;
        return new ImagePrompt(
            plain ? image.Prompt : LoraTags.Remove(image.Prompt),
            plain && model.IsXL && image.NegativePrompt.Length == 0 ? null : image.NegativePrompt, // diffusers' None, with SDXL's zeros for it
            image.Seed)
        {
            Prompt2 = image.Prompt2,
            NegativePrompt2 = image.NegativePrompt2,
        };
    }

    private static Inpainting Inpainting(InpaintingSettings settings, IReadOnlyDictionary<string, Picture> inputs) => new()
    {
        Mask = PictureAlpha.AsMask(inputs[settings.Mask]),
        InvertMask = settings.InpaintingMaskInvert,
        MaskBlur = settings.MaskBlur,
        PaddingMaskCrop = settings.InpaintFullRes ? settings.InpaintFullResPadding : null,
        PasteBack = settings.PasteBack,
        Fill = settings.InpaintingFill switch
        {
            Contracts.Settings.InpaintingFill.Fill => InpaintingFill.Fill,
            Contracts.Settings.InpaintingFill.LatentNoise => InpaintingFill.LatentNoise,
            Contracts.Settings.InpaintingFill.LatentNothing => InpaintingFill.LatentNothing,
            _ => InpaintingFill.Original,
        },
    };

    private static ControlInput ControlNet(ControlNetSettings unit, ControlNetModel network, IReadOnlyDictionary<string, Picture> inputs) => new()
    {
        Network = network,
        Image = inputs[unit.Image],
        Scale = unit.Weight,
        Start = unit.GuidanceStart,
        End = unit.GuidanceEnd,
    };

    private static HighResolution HighResolution(HighResolutionSettings settings) => new()
    {
        Width = settings.HrResizeX,
        Height = settings.HrResizeY,
        Upscaler = settings.HrUpscaler switch
        {
            "Latent" => Upscaler.Latent,
            "Latent (antialiased)" => Upscaler.LatentAntialiased,
            "Latent (bicubic)" => Upscaler.LatentBicubic,
            "Latent (bicubic antialiased)" => Upscaler.LatentBicubicAntialiased,
            "Latent (nearest)" => Upscaler.LatentNearest,
            "Latent (nearest-exact)" => Upscaler.LatentNearestExact,
            "Lanczos" => Upscaler.Lanczos,
            "Nearest" => Upscaler.Nearest,
            _ => throw new ArgumentException($"hr_upscaler: \"{settings.HrUpscaler}\" is no upscaler that is built; these are: {string.Join(", ", Upscalers.Names)}."),
        },
        DenoisingStrength = settings.DenoisingStrength,
        NumInferenceSteps = settings.HrSecondPassSteps,
    };

    private static SizeConditions SizeConditions(SizeSettings sizes) => new()
    {
        OriginalSize = (sizes.OriginalHeight, sizes.OriginalWidth),
        CropsCoordsTopLeft = (sizes.CropY, sizes.CropX),
        TargetSize = (sizes.TargetHeight, sizes.TargetWidth),
    };
}
