using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using static StableDiffusion.Diffusion.Tests.Pipelines.Drawing;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class ImageToImageTests : IDisposable
{
    private readonly StableDiffusionModel model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));
    private readonly Picture input = Input("init");

    public void Dispose() => model.Dispose();

    [Fact]
    public void Strength_says_how_many_steps_are_taken()
    {
        foreach (var (strength, expected) in new[] { (0.1, 1), (0.35, 3), (1.0, 10) })
        {
            int steps = 0;
            model.Draw(From(input, strength) with { NumInferenceSteps = 10 }, step => steps = step.Steps);
            Assert.Equal(expected, steps);
        }
    }

    [Theory]
    [InlineData(PromptReading.Diffusers)]
    [InlineData(PromptReading.A1111)]
    public void Strength_zero_is_the_VAEs_round_trip(PromptReading reading)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        using var generator = new Generator(42, CPU);
        var latents = model.Vae.Encode(PictureTensors.ToTensor(input)).Sample(generator);
        var expected = PictureTensors.ToPicture(model.Vae.Decode(latents));
        int steps = 0;
        var drawn = Assert.Single(model.Draw(From(input, 0) with { PromptReading = reading }, _ => steps++));
        Assert.Equal(0, steps);
        Assert.InRange(LargestDifference(expected.Pixels, drawn.Pixels), 0, 1); // scaled and unscaled in between
    }

    [Fact]
    public void The_size_is_the_pictures_own_cut_to_whole_latents()
    {
        var drawn = Assert.Single(model.Draw(From(PictureResize.Lanczos(input, 83, 47), 0.5) with { Width = null, Height = null }));
        Assert.Equal((80, 40), (drawn.Width, drawn.Height));
    }

    [Fact]
    public void A_picture_of_another_size_is_resized_as_Pillow_does()
    {
        var wide = Input("init_wide");
        Assert.Equal(model.DrawOne(From(PictureResize.Lanczos(wide, 64, 64), 0.5)), model.DrawOne(From(wide, 0.5)));
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(1.0)]
    public void A_picture_is_the_same_alone_and_in_company(double strength)
    {
        byte[] alone = model.DrawOne(From(input, strength));
        var company = model.Draw(From(input, strength) with { Images = [Lighthouse, Horse] });
        Assert.Equal(alone, company[1].Pixels);
    }

    [Fact]
    public void Grey_pictures_and_transparent_ones_are_taken()
    {
        var grey = input.ToGrey();
        Assert.Equal(model.DrawOne(From(grey.ToRgb(), 0.5)), model.DrawOne(From(grey, 0.5)));
    }

    private static GenerationRequest From(Picture picture, double strength) =>
        Request(Horse) with { NumInferenceSteps = 4, Init = new ImageToImage { Image = picture, Strength = strength } };
}
