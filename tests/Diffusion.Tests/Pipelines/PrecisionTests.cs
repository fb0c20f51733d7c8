using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class PrecisionTests
{
    [Theory]
    [InlineData("models/tiny-sd15", 4)]
    [InlineData("models/tiny-sd21", 4)]
    [InlineData("models/tiny-sdxl", 4)]
    [InlineData("../../models/starter", 20)]
    public void Bfloat16_draws_nearly_the_picture_of_single_precision(string folder, int steps)
    {
        byte[] exact = Draw(folder, steps, ScalarType.Float32), rounded = Draw(folder, steps, ScalarType.BFloat16);
        int[] differences = [.. exact.Zip(rounded, (one, other) => Math.Abs(one - other))];
        Assert.NotEqual(0, differences.Max());
        // measured on libtorch 1.13: 0.7 … 2.0 of 255 on average
        Assert.InRange(differences.Average(), 0, 4);
    }

    private static byte[] Draw(string folder, int steps, ScalarType type)
    {
        using var model = StableDiffusionModel.Load(Goldens.Path(folder), type);
        var request = new GenerationRequest
        {
            Images = [new ImagePrompt("a red circle on a white background", null, 42)],
            Width = 64,
            Height = 64,
            NumInferenceSteps = steps,
            GuidanceScale = Math.Min(model.DefaultGuidanceScale, 7),
            Scheduler = "DDIMScheduler",
        };
        using var image = Assert.Single(new StableDiffusionPipeline(model).Generate(request, cancellationToken: TestContext.Current.CancellationToken));
        return image.Picture.Pixels;
    }
}
