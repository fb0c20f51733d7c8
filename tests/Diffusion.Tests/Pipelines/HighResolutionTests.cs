using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using TorchSharp;
using static StableDiffusion.Diffusion.Tests.Pipelines.Drawing;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class HighResolutionTests : IDisposable
{
    private readonly StableDiffusionModel model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));

    public void Dispose() => model.Dispose();

    [Theory]
    [InlineData(Upscaler.Latent, InterpolationMode.Bilinear, false)]
    [InlineData(Upscaler.LatentAntialiased, InterpolationMode.Bilinear, true)]
    [InlineData(Upscaler.LatentBicubic, InterpolationMode.Bicubic, false)]
    [InlineData(Upscaler.LatentBicubicAntialiased, InterpolationMode.Bicubic, true)]
    [InlineData(Upscaler.LatentNearest, InterpolationMode.Nearest, false)]
    [InlineData(Upscaler.LatentNearestExact, InterpolationMode.NearestExact, false)]
    public void Without_a_second_denoising_the_latents_are_the_firsts_enlarged(Upscaler upscaler, InterpolationMode mode, bool antialias)
    {
        using var small = model.LatentsOf(Request(Horse));
        using var large = model.LatentsOf(Enlarging(new HighResolution { Scale = 1.5, Upscaler = upscaler, DenoisingStrength = 0 }));
        using var expected = nn.functional.interpolate(small, [12, 12], mode: mode, antialias: antialias);
        Assert.True(large.eq(expected).all().item<bool>());
    }

    [Fact]
    public void The_second_pass_is_image_to_image_from_the_enlarged_latents()
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var steps = new List<long[]>();
        var drawn = model.Draw(
            Enlarging(new HighResolution { DenoisingStrength = 0.5, NumInferenceSteps = 4 }), step => steps.Add([step.Step, step.Steps, step.Latents.shape[3]]));
        Assert.Equal((128, 128), (drawn[0].Width, drawn[0].Height));
        Assert.Equal<long[]>([[1, 5, 8], [2, 5, 8], [3, 5, 8], [4, 5, 16], [5, 5, 16]], steps);
    }

    [Theory]
    [InlineData(Upscaler.Lanczos)]
    [InlineData(Upscaler.Nearest)]
    public void Pixels_are_enlarged_between_two_visits_to_the_VAE(Upscaler upscaler)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var small = Assert.Single(model.Draw(Request(Horse)));
        var enlarged = upscaler == Upscaler.Lanczos ? PictureResize.Lanczos(small, 96, 64) : PictureResize.Nearest(small, 96, 64);
        using var generator = new Generator(42, CPU);
        _ = randn([1, 4, 8, 8], generator: generator); // the first pass's
        var expected = model.Vae.Encode(PictureTensors.ToTensor(enlarged)).Sample(generator) * model.Vae.Config.ScalingFactor;
        using var latents = model.LatentsOf(Enlarging(new HighResolution { Width = 96, Height = 64, Upscaler = upscaler, DenoisingStrength = 0 }));
        Assert.True(latents.allclose(expected, atol: 1e-6)); // (μ + σ·n)·s here and there, rounded in another order
    }

    [Theory]
    [InlineData(null, null, 1.3, 80, 80)]
    [InlineData(96, null, 2.0, 96, 96)]
    [InlineData(null, 120, 2.0, 120, 120)]
    [InlineData(96, 120, 2.0, 96, 120)]
    public void The_size_is_given_or_follows(int? width, int? height, double scale, int expectedWidth, int expectedHeight)
    {
        var drawn = Assert.Single(model.Draw(Enlarging(new HighResolution { Width = width, Height = height, Scale = scale, DenoisingStrength = 0 })));
        Assert.Equal((expectedWidth, expectedHeight), (drawn.Width, drawn.Height));
    }

    [Fact]
    public void A_picture_is_the_same_alone_and_in_company()
    {
        var request = Enlarging(new HighResolution { DenoisingStrength = 0.5, Upscaler = Upscaler.Lanczos });
        Assert.Equal(model.DrawOne(request), model.Draw(request with { Images = [Lighthouse, Horse] })[1].Pixels);
    }

    private static GenerationRequest Enlarging(HighResolution high) => Request(Horse) with { HighResolution = high };
}
