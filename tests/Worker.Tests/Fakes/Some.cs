using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Worker.Manifests;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Tests.Fakes;

/// <summary>Ordinary values; a test changes what it is about.</summary>
internal static class Some
{
    public static ImageSettings Settings { get; } = new()
    {
        Model = "starter", Prompt = "a red circle", NegativePrompt = "", Seed = 42, Steps = 4, CfgScale = 7,
        Width = 8, Height = 8, SamplerName = "Euler",
    };

    /// <summary>Every field is given.</summary>
    public static ImageSettings FullSettings { get; } = Settings with
    {
        Prompt2 = "circle", NegativePrompt2 = "square", PromptSyntax = PromptSyntax.A1111, ClipSkip = 2, GuidanceRescale = 0.7, Eta = 0.5,
        SamplerName = "DPM++ 2M", Scheduler = "Karras", BatchClass = 4,
        Embeddings = [new NamedFile { Name = "bad", Hash = "e0e1e2e3e4e5e6e7" }],
        Loras = [new LoraSettings { Name = "ink", Hash = "a0a1a2a3a4a5a6a7", Weight = 0.8 }, new LoraSettings { Name = "oil", Hash = "b0b1b2b3b4b5b6b7", Weight = 1, TextEncoderWeight = 0 }],
        Vae = new NamedFile { Name = "mse", Hash = "c0c1c2c3c4c5c6c7" },
        ImageToImage = new ImageToImageSettings { Image = "d0d1d2d3d4d5d6d7", DenoisingStrength = 0.75 },
        Inpainting = new InpaintingSettings
        {
            Mask = "f0f1f2f3f4f5f6f7", MaskBlur = 4, InpaintingMaskInvert = true, InpaintingFill = InpaintingFill.LatentNoise, InpaintFullRes = true,
            InpaintFullResPadding = 32, PasteBack = true,
        },
        HighResolution = new HighResolutionSettings { HrUpscaler = "Latent (bicubic)", HrScale = 1.5, HrResizeX = 12, HrResizeY = 12, HrSecondPassSteps = 8, DenoisingStrength = 0.5 },
        ControlNets =
        [
            new ControlNetSettings
            {
                Model = "canny", Hash = "0011223344556677", Image = "8899aabbccddeeff", Weight = 0.9, GuidanceStart = 0, GuidanceEnd = 0.8, ControlMode = ControlModes.Balanced,
            },
        ],
        Sizes = new SizeSettings { OriginalWidth = 16, OriginalHeight = 24, CropX = 1, CropY = 2, TargetWidth = 8, TargetHeight = 8 },
    };

    public static ModelDescription Model { get; } = new()
    {
        Name = "starter", Hash = "0123456789abcdef0123456789abcdef", VaeScaleFactor = 8, DefaultSize = 64, DefaultCfgScale = 7, DefaultSampler = "Euler",
    };

    public static RenderEnvironment Environment { get; } = new()
    {
        Diffusion = "1.2.3+abc", Torch = "2.0", Blas = "libopenblas.so", Runtime = ".NET 10", Device = "cpu", Hardware = "Z80",
        Dtype = "float32", Threads = 2, Memory = new MemoryOptions { VaeTileSize = 512 },
    };

    public static Manifest Manifest { get; } = new() { Settings = Settings, ModelHash = Model.Hash, Environment = Environment };

    public static ImageToRender Image(string prompt = "a red circle", long seed = 42)
    {
        var id = Guid.NewGuid();
        return new ImageToRender
        {
            ImageId = id, BatchId = Guid.NewGuid(), AttemptId = Guid.NewGuid(), ObjectKey = $"images/{id:N}/1.png", Prompt = prompt, Seed = seed,
        };
    }

    public static RenderImages Group(params ImageToRender[] images) => new()
    {
        Model = "starter", Timestamp = DateTimeOffset.UtcNow, Settings = Settings with { Prompt = "", Seed = 0 }, Images = images,
    };
}
