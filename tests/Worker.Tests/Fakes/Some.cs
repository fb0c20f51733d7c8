using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Models;
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

    public static ModelDescription Model { get; } = new()
    {
        Name = "starter", Hash = "0123456789abcdef0123456789abcdef", VaeScaleFactor = 8, DefaultSize = 64, DefaultCfgScale = 7, DefaultSampler = "Euler",
    };

    public static RenderEnvironment Environment { get; } = new()
    {
        Diffusion = "1.2.3+abc", Torch = "2.0", Blas = "libopenblas.so", Runtime = ".NET 10", Device = "cpu", Hardware = "Z80",
        Dtype = "float32", Threads = 2,
    };

    public static Manifest Manifest { get; } = new() { Settings = Settings, ModelHash = Model.Hash, Environment = Environment };

    public static ImageToRender Image(ImageSettings? settings = null)
    {
        var id = Guid.NewGuid();
        return new ImageToRender { ImageId = id, AttemptId = Guid.NewGuid(), ObjectKey = $"images/{id:N}/1.png", Settings = settings ?? Settings };
    }

    public static RenderImages Group(params ImageToRender[] images) => new()
    {
        Model = "starter", Timestamp = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(5), Images = images,
    };
}
