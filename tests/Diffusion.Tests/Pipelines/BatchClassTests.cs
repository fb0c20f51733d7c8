using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using static StableDiffusion.Diffusion.Tests.Pipelines.Drawing;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class BatchClassTests : IDisposable
{
    private static readonly ImagePrompt[] Five = [.. Enumerable.Range(0, 5).Select(i => (i % 2 == 0 ? Horse : Lighthouse) with { Seed = 100 + i })];
    private static readonly ImageToImage Init = new() { Image = Input("init"), Strength = 0.7 };
    private readonly StableDiffusionModel model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));

    public void Dispose() => model.Dispose();

    [Theory]
    [InlineData("DDIMScheduler", 0.7)]
    [InlineData("EulerDiscreteScheduler", 0)]
    public void Pictures_that_share_calls_are_those_drawn_alone(string scheduler, double eta)
    {
        var request = Request(Five) with { Scheduler = scheduler, Eta = eta, GuidanceRescale = 0.5 };
        var alone = model.Draw(request);
        var together = model.Draw(request with { BatchClass = 4 });
        foreach (var (one, other) in alone.Zip(together))
        {
            Assert.InRange(LargestDifference(one.Pixels, other.Pixels), 0, 1); // kernels round otherwise for another batch size
        }
    }

    public static TheoryData<string, GenerationRequest> Parts => new()
    {
        { "image-to-image", Request(Five) with { Init = Init } },
        { "in-painting", Request(Five) with { Init = Init, Inpainting = new Inpainting { Mask = RightOf(32), PasteBack = true } } },
        { "a second pass over latents", Request(Five) with { HighResolution = new HighResolution { Scale = 1.5, DenoisingStrength = 0.5 } } },
        { "a second pass over pixels", Request(Five) with { HighResolution = new HighResolution { Scale = 1.5, DenoisingStrength = 0.5, Upscaler = Upscaler.Lanczos } } },
    };

    [Theory]
    [MemberData(nameof(Parts))]
    public void That_holds_for_every_part_of_a_request(string part, GenerationRequest request)
    {
        foreach (var (one, other) in model.Draw(request).Zip(model.Draw(request with { BatchClass = 3 })))
        {
            Assert.True(LargestDifference(one.Pixels, other.Pixels) <= 1, part);
        }
    }

    [Fact]
    public void Calls_are_always_of_the_class_and_what_fills_them_up_is_not_told()
    {
        var seen = new List<long>();
        model.UNet.Observer = (name, output) =>
        {
            if (name == "conv_in")
            {
                seen.Add(output.shape[0]);
            }
        };
        var told = new List<int>();
        var drawn = model.Draw(Request(Five) with { BatchClass = 4, NumInferenceSteps = 1 }, step => told.Add(step.Image));
        model.UNet.Observer = null;
        Assert.Equal([8, 8], seen);
        Assert.Equal([0, 1, 2, 3, 4], told);
        Assert.Equal(5, drawn.Count);
    }

    [Fact]
    public void In_the_same_place_a_picture_has_the_same_bytes_in_every_company_and_in_every_one_where_the_probe_says_so()
    {
        var request = Request(Horse) with { BatchClass = 2 };
        byte[] alone = model.DrawOne(request);
        Assert.Equal(alone, model.DrawOne(request));
        Assert.Equal(alone, model.Draw(request with { Images = [Horse, Lighthouse] })[0].Pixels);
        if (BatchClassProbe.IsPlaceIndependent(model, 2, 64, 64))
        {
            Assert.Equal(alone, model.Draw(request with { Images = [Lighthouse, Horse] })[1].Pixels);
        }
    }

    [Fact]
    public void Pictures_that_do_not_share_calls_have_calls_of_the_class_for_themselves()
    {
        var request = Request(Horse) with { BatchClass = 2 };
        byte[] alone = model.DrawOne(request);
        var seen = new List<long>();
        model.UNet.Observer = (name, output) =>
        {
            if (name == "conv_in")
            {
                seen.Add(output.shape[0]);
            }
        };
        var drawn = model.Draw(request with { Images = [Lighthouse, Horse], ShareCalls = false });
        model.UNet.Observer = null;
        Assert.Equal(2 * request.NumInferenceSteps, seen.Count);
        Assert.All(seen, rows => Assert.Equal(4, rows));
        Assert.Equal(alone, drawn[1].Pixels);
    }

    [Fact]
    public void Prompts_of_other_lengths_do_not_share_a_call()
    {
        string text = string.Join(", ", Enumerable.Repeat("a photograph of an astronaut riding a horse", 12));
        ImagePrompt[] mixed = [Horse, new(text, "", 5), Lighthouse];
        var request = Request(mixed) with { PromptReading = PromptReading.A1111, BatchClass = 2 };
        var order = new List<int>();
        foreach (var image in new StableDiffusionPipeline(model).Generate(request, null, TestContext.Current.CancellationToken))
        {
            using (image)
            {
                order.Add(image.Image);
            }
        }

        Assert.Equal([0, 2, 1], order);
    }

    [Fact]
    public void One_picture_a_call_needs_no_probe() => Assert.True(BatchClassProbe.IsPlaceIndependent(model, 1, 64, 64));
}
