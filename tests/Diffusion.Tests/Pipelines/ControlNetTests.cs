using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using static StableDiffusion.Diffusion.Tests.Pipelines.Drawing;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class ControlNetTests : IDisposable
{
    private readonly StableDiffusionModel model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));
    private readonly ControlNetModel network = NetworkFolder.LoadControlNet(Goldens.Path("models/tiny-controlnet"));

    public void Dispose()
    {
        model.Dispose();
        network.Dispose();
    }

    [Fact]
    public void Without_a_scale_it_has_no_say() => Assert.Equal(model.DrawOne(Request(Horse)), model.DrawOne(Held(Control with { Scale = 0 })));

    [Fact]
    public void Outside_its_share_of_the_steps_it_has_no_say()
    {
        // of three steps, none lies whole between 0.4 and 0.6
        Assert.Equal(model.DrawOne(Request(Horse)), model.DrawOne(Held(Control with { Start = 0.4, End = 0.6 })));
        Assert.NotEqual(model.DrawOne(Request(Horse)), model.DrawOne(Held(Control with { Start = 0.3, End = 0.7 })));
    }

    [Fact]
    public void Two_of_half_the_scale_are_one_of_the_whole()
    {
        var half = Control with { Scale = 0.5 };
        byte[] one = model.DrawOne(Held(Control)), two = model.DrawOne(Held(half, half));
        Assert.InRange(LargestDifference(one, two), 0, 1); // sums rounded in another order
        Assert.NotEqual(model.DrawOne(Held(half)), two);
    }

    [Fact]
    public void Guessing_it_sees_the_positive_prompt_alone()
    {
        // nothing is taken away for the negative prompt, so the guidance makes of it more than of a control of both
        byte[] plain = model.DrawOne(Request(Horse)), held = model.DrawOne(Held(Control));
        byte[] guessed = model.DrawOne(Held(Control) with { GuessMode = true });
        Assert.NotEqual(held, guessed);
        Assert.NotEqual(plain, guessed);
    }

    [Fact]
    public void The_size_is_the_control_pictures_own_where_none_is_asked_for()
    {
        var wide = Control with { Image = PictureResize.Lanczos(Control.Image, 100, 64) };
        var drawn = Assert.Single(model.Draw(Held(wide) with { Width = null, Height = null }));
        Assert.Equal((96, 64), (drawn.Width, drawn.Height));
    }

    [Fact]
    public void It_holds_in_both_passes()
    {
        var high = new HighResolution { Width = 96, Height = 64, DenoisingStrength = 0.5, NumInferenceSteps = 4 };
        Assert.NotEqual(model.DrawOne(Request(Horse) with { HighResolution = high }), model.DrawOne(Held(Control with { Start = 0.5 }) with { HighResolution = high }));
    }

    [Fact]
    public void A_picture_is_the_same_alone_and_in_company() =>
        Assert.Equal(model.DrawOne(Held(Control)), model.Draw(Held(Control) with { Images = [Lighthouse, Horse] })[1].Pixels);

    [Fact]
    public void One_of_another_kind_of_model_is_refused()
    {
        using var forXL = NetworkFolder.LoadControlNet(Goldens.Path("models/tiny-controlnet-xl"));
        var error = Assert.Throws<ArgumentException>(() => model.Draw(Held(Control with { Network = forXL })));
        Assert.StartsWith("controlnets[0]:", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, double, double, double> BadFields => new()
    {
        { "controlnet_conditioning_scale[0]:", double.NaN, 0, 1 },
        { "control_guidance_start[0]:", 1, -0.1, 1 },
        { "control_guidance_end[0]:", 1, 0, 1.1 },
        { "control_guidance_start[0]:", 1, 0.5, 0.5 },
    };

    [Theory]
    [MemberData(nameof(BadFields))]
    public void A_bad_field_is_named(string field, double scale, double start, double end)
    {
        var error = Assert.Throws<ArgumentException>(() => model.Draw(Held(Control with { Scale = scale, Start = start, End = end })));
        Assert.StartsWith(field, error.Message, StringComparison.Ordinal);
    }

    private ControlInput Control => new() { Network = network, Image = Input("control") };

    private static GenerationRequest Held(params ControlInput[] controls) => Request(Horse) with { ControlNets = controls };
}
