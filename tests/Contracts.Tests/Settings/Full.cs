using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Contracts.Tests.Settings;

internal static class Full
{
    /// <summary>Every field is given, none as it is by default.</summary>
    public static ImageSettings Settings { get; } = new()
    {
        Model = "tiny",
        Prompt = "ünïcode 🎨",
        Prompt2 = "two",
        NegativePrompt = "no",
        NegativePrompt2 = "not two",
        PromptSyntax = PromptSyntax.A1111,
        Embeddings = [new NamedFile { Name = "bad", Hash = "01" }],
        Loras = [new LoraSettings { Name = "ink", Hash = "02", Weight = 0.8, TextEncoderWeight = 0.5 }],
        Vae = new NamedFile { Name = "mse", Hash = "03" },
        ClipSkip = 2,
        Seed = (1L << 53) - 1,
        Steps = 20,
        CfgScale = 7.5,
        GuidanceRescale = 0.7,
        Width = 64,
        Height = 72,
        SamplerName = "DPM++ 2M",
        Scheduler = "Karras",
        Eta = 0.25,
        ImageToImage = new ImageToImageSettings { Image = "04", DenoisingStrength = 0.6 },
        Inpainting = new InpaintingSettings
        {
            Mask = "05",
            MaskBlur = 4,
            InpaintingMaskInvert = true,
            InpaintingFill = InpaintingFill.LatentNoise,
            InpaintFullRes = true,
            InpaintFullResPadding = 16,
            PasteBack = false,
        },
        HighResolution = new HighResolutionSettings { HrUpscaler = "Latent", HrScale = 2, HrResizeX = 128, HrResizeY = 144, HrSecondPassSteps = 9, DenoisingStrength = 0.6 },
        ControlNets = [new ControlNetSettings { Model = "canny", Hash = "06", Image = "07", Weight = 1, GuidanceStart = 0, GuidanceEnd = 1, ControlMode = ControlModes.Control }],
        Sizes = new SizeSettings { OriginalWidth = 1, OriginalHeight = 2, CropX = 3, CropY = 4, TargetWidth = 5, TargetHeight = 6 },
        BatchClass = 4,
    };
}
