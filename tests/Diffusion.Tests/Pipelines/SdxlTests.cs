using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pipelines;
using static StableDiffusion.Diffusion.Tests.Pipelines.Drawing;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class SdxlTests : IDisposable
{
    private static readonly SizeConditions Sizes = new()
    {
        OriginalSize = (200, 300),
        CropsCoordsTopLeft = (8, 16),
        NegativeOriginalSize = (32, 48),
        NegativeCropsCoordsTopLeft = (1, 2),
        NegativeTargetSize = (40, 56),
    };

    private readonly StableDiffusionModel model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sdxl"));

    public void Dispose() => model.Dispose();

    [Fact]
    public void In_text_to_image_the_negative_sizes_count_together_with_their_crop()
    {
        var ids = TimeIds.Of(Sizes, new DrawnSize(72, 64), fromPicture: false);
        Assert.Equal([200, 300, 8, 16, 64, 72], ids.Positive);
        Assert.Equal([32, 48, 1, 2, 40, 56], ids.Negative);
        Assert.Equal(ids.Positive, TimeIds.Of(Sizes with { NegativeTargetSize = null }, new DrawnSize(72, 64), fromPicture: false).Negative);
    }

    [Fact]
    public void In_image_to_image_they_count_one_by_one_with_the_positive_crop()
    {
        var ids = TimeIds.Of(Sizes with { NegativeTargetSize = null }, new DrawnSize(72, 64), fromPicture: true);
        Assert.Equal([200, 300, 8, 16, 64, 72], ids.Positive);
        Assert.Equal([32, 48, 8, 16, 64, 72], ids.Negative);
    }

    [Fact]
    public void A_picture_is_the_same_alone_and_in_company()
    {
        var request = Request(Horse) with { SizeConditions = Sizes };
        Assert.Equal(model.DrawOne(request), model.Draw(request with { Images = [Lighthouse, Horse] })[1].Pixels);
        Assert.NotEqual(model.DrawOne(request), model.DrawOne(Request(Horse)));
    }

    [Fact]
    public void Sharing_calls_each_picture_is_told_its_own_sizes()
    {
        var request = Request(Horse, Lighthouse) with { SizeConditions = Sizes };
        foreach (var (alone, together) in model.Draw(request).Zip(model.Draw(request with { BatchClass = 2 })))
        {
            Assert.InRange(LargestDifference(alone.Pixels, together.Pixels), 0, 1); // kernels round otherwise for another batch size
        }
    }

    [Fact]
    public void The_second_encoder_reads_its_own_prompt()
    {
        byte[] one = model.DrawOne(Request(Horse));
        Assert.Equal(one, model.DrawOne(Request(Horse with { Prompt2 = Horse.Prompt })));
        Assert.NotEqual(one, model.DrawOne(Request(Horse with { Prompt2 = "a red lighthouse" })));
    }
}
