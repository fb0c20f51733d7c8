using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

/// <summary>Draws with the tiny models.</summary>
internal static class Drawing
{
    public static readonly ImagePrompt Horse = new("a photograph of an astronaut riding a horse", "blurry", 42);
    public static readonly ImagePrompt Lighthouse = new("an oil painting of a small red lighthouse", "", 7);

    /// <summary>Three steps of DDIM at 64×64.</summary>
    public static GenerationRequest Request(params ImagePrompt[] images) =>
        new() { Images = images, NumInferenceSteps = 3, Scheduler = "DDIMScheduler", Width = 64, Height = 64 };

    public static Picture Input(string name) => PngReader.Read(File.ReadAllBytes(Goldens.Path($"pipelines/inputs/{name}.png"))).Picture;

    public static List<Picture> Draw(this StableDiffusionModel model, GenerationRequest request, Action<DenoisingStep>? onStep = null)
    {
        var pictures = new List<Picture>();
        foreach (var image in new StableDiffusionPipeline(model).Generate(request, onStep, TestContext.Current.CancellationToken))
        {
            using (image)
            {
                pictures.Add(image.Picture);
            }
        }

        return pictures;
    }

    /// <summary>The only picture's bytes.</summary>
    public static byte[] DrawOne(this StableDiffusionModel model, GenerationRequest request) => Assert.Single(model.Draw(request)).Pixels;

    /// <summary>The only picture's latents, which are the caller's.</summary>
    public static Tensor LatentsOf(this StableDiffusionModel model, GenerationRequest request) =>
        new StableDiffusionPipeline(model).Generate(request, null, TestContext.Current.CancellationToken).Single().Latents;

    /// <summary>White from a column on, black before it.</summary>
    public static Picture RightOf(int column, int width = 64, int height = 64) =>
        new(width, height, 1, [.. Enumerable.Range(0, width * height).Select(at => (byte)(at % width >= column ? 255 : 0))]);

    public static int LargestDifference(byte[] one, byte[] other) => one.Zip(other, (a, b) => Math.Abs(a - b)).Max();

    public static double MeanDifference(byte[] one, byte[] other) => one.Zip(other, (a, b) => Math.Abs(a - b)).Average();
}
