using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class StableDiffusionPipelineTests : IDisposable
{
    private static readonly ImagePrompt Horse = new("a photograph of an astronaut riding a horse", "blurry", 42);
    private static readonly ImagePrompt Lighthouse = new("an oil painting of a small red lighthouse", "", 7);

    private static readonly ImageToImage Init = new() { Image = Drawing.Input("init"), Strength = 1 };
    private static readonly Inpainting Masked = new() { Mask = Drawing.RightOf(0) };

    private readonly StableDiffusionModel model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));

    public void Dispose() => model.Dispose();

    [Theory]
    [InlineData("DDIMScheduler", 0)]
    [InlineData("DDIMScheduler", 0.7)]
    [InlineData("LMSDiscreteScheduler", 0)]
    [InlineData("EulerDiscreteScheduler", 0)]
    public void An_image_is_the_same_alone_in_company_and_again(string scheduler, double eta)
    {
        GenerationRequest Of(params ImagePrompt[] images) => Request(images) with { Scheduler = scheduler, Eta = eta };
        byte[] alone = Assert.Single(Draw(Of(Horse)));
        var company = Draw(Of(Lighthouse, Horse, Horse with { Seed = 43 }, Lighthouse with { Seed = 42 }));
        Assert.Equal(alone, company[1]);
        Assert.Equal(alone, Draw(Of(Horse))[0]);
        Assert.NotEqual(alone, company[0]);
        Assert.NotEqual(alone, company[2]);
        Assert.NotEqual(alone, company[3]);
    }

    [Fact]
    public void Without_guidance_the_negative_prompt_has_no_say()
    {
        var off = Request(Horse, Horse with { NegativePrompt = "something else" }) with { GuidanceScale = 1 };
        var images = Draw(off);
        Assert.Equal(images[0], images[1]);
        images = Draw(off with { GuidanceScale = 3 });
        Assert.NotEqual(images[0], images[1]);
    }

    [Fact]
    public void Every_step_is_told_in_order()
    {
        var told = new List<(int, int, int)>();
        Draw(Request(Horse, Lighthouse), step =>
        {
            Assert.Equal([1, 4, 8, 8], step.Latents.shape);
            told.Add((step.Image, step.Step, step.Steps));
        });
        Assert.Equal([(0, 1, 3), (0, 2, 3), (0, 3, 3), (1, 1, 3), (1, 2, 3), (1, 3, 3)], told);
    }

    [Fact]
    public void Cancelled_between_steps_it_stops_and_the_next_request_works()
    {
        using var cancel = new CancellationTokenSource();
        int steps = 0;
        void CancelAfterFirst(DenoisingStep step)
        {
            steps++;
            cancel.Cancel();
        }

        var pipeline = new StableDiffusionPipeline(model);
        Assert.Throws<OperationCanceledException>(() => pipeline.Generate(Request(Horse), CancelAfterFirst, cancel.Token).ToList());
        Assert.Equal(1, steps);
        Assert.Single(Draw(Request(Horse)));
    }

    [Fact]
    public void A_fault_in_the_middle_leaves_nothing_in_memory_and_the_next_request_works()
    {
        byte[] expected = Draw(Request(Horse))[0];
        var masked = Request(Horse, Lighthouse) with { Init = Init, Inpainting = Masked, BatchClass = 2 };
        long before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Assert.Throws<InvalidDataException>(() => Draw(masked, step => throw new InvalidDataException("a fault")));
        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal(expected, Draw(Request(Horse))[0]);
    }

    [Fact]
    public void Nothing_is_left_in_memory_but_what_is_handed_out()
    {
        using var scope = NewDisposeScope();
        var masked = Request(Horse, Lighthouse) with { Init = Init, Inpainting = Masked with { PasteBack = true }, BatchClass = 2 };
        var enlarged = Request(Horse, Lighthouse) with { HighResolution = new() { DenoisingStrength = 0.5, Upscaler = Upscaler.Lanczos } };
        Draw(Request(Horse, Lighthouse));
        Assert.Equal(0, scope.DisposablesCount);
        long before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Draw(Request(Horse, Lighthouse));
        Draw(masked);
        Draw(enlarged);
        Assert.Equal(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void The_size_is_the_models_own_where_none_is_asked_for()
    {
        var pipeline = new StableDiffusionPipeline(model);
        using var image = pipeline.Generate(Request(Horse) with { Width = null, Height = 40 }, null, TestContext.Current.CancellationToken).Single();
        Assert.Equal((64, 40), (image.Picture.Width, image.Picture.Height));
    }

    public static TheoryData<string, GenerationRequest> BadRequests => new()
    {
        { "images:", Request() },
        { "images[0].prompt:", Request(Horse with { Prompt = null! }) },
        { "images[1].seed:", Request(Horse, Horse with { Seed = -1 }) },
        { "width:", Request(Horse) with { Width = 60 } },
        { "height:", Request(Horse) with { Height = 0 } },
        { "num_inference_steps:", Request(Horse) with { NumInferenceSteps = 0 } },
        { "num_inference_steps:", Request(Horse) with { NumInferenceSteps = 1001 } },
        { "guidance_scale:", Request(Horse) with { GuidanceScale = double.NaN } },
        { "guidance_rescale:", Request(Horse) with { GuidanceRescale = 1.5 } },
        { "eta:", Request(Horse) with { Eta = -0.1 } },
        { "clip_skip:", Request(Horse) with { ClipSkip = 4 } },
        { "batch_class:", Request(Horse) with { BatchClass = 0 } },
        { "images[0].prompt_2:", Request(Horse with { Prompt2 = "a horse" }) },
        { "images[0].negative_prompt_2:", Request(Horse with { NegativePrompt2 = "a horse" }) },
        { "strength:", Request(Horse) with { Init = Init with { Strength = 1.1 } } },
        { "strength:", Request(Horse) with { Init = Init with { Strength = 0.3 } } }, // of three steps less than one
        { "image:", Request(Horse) with { Init = Init with { Image = null! } } },
        { "image:", Request(Horse) with { Inpainting = Masked } },
        { "mask_image:", Request(Horse) with { Init = Init, Inpainting = Masked with { Mask = null! } } },
        { "mask_image:", Request(Horse) with { Init = Init, Inpainting = Masked with { InvertMask = true, PaddingMaskCrop = 4 } } },
        { "mask_blur:", Request(Horse) with { Init = Init, Inpainting = Masked with { MaskBlur = double.NaN } } },
        { "padding_mask_crop:", Request(Horse) with { Init = Init, Inpainting = Masked with { PaddingMaskCrop = -1 } } },
        { "inpainting_fill:", Request(Horse) with { Init = Init, Inpainting = Masked with { Fill = (InpaintingFill)9 } } },
        { "enable_hr:", Request(Horse) with { Init = Init, HighResolution = new() } },
        { "hr_scale:", Request(Horse) with { HighResolution = new() { Scale = 0.5 } } },
        { "hr_resize_x:", Request(Horse) with { HighResolution = new() { Width = 100 } } },
        { "hr_resize_y:", Request(Horse) with { HighResolution = new() { Height = -8, Width = 64 } } },
        { "hr_second_pass_steps:", Request(Horse) with { HighResolution = new() { NumInferenceSteps = 0 } } },
        { "denoising_strength:", Request(Horse) with { HighResolution = new() { DenoisingStrength = -1 } } },
        { "denoising_strength:", Request(Horse) with { HighResolution = new() { DenoisingStrength = 0.1 } } },
        { "original_size:", Request(Horse) with { SizeConditions = new() { OriginalSize = (0, 64) } } },
        { "negative_crops_coords_top_left:", Request(Horse) with { SizeConditions = new() { NegativeCropsCoordsTopLeft = (0, -1) } } },
    };

    [Theory]
    [MemberData(nameof(BadRequests))]
    public void A_bad_field_is_named_before_anything_is_drawn(string field, GenerationRequest request)
    {
        var error = Assert.ThrowsAny<ArgumentException>(() => new StableDiffusionPipeline(model).Generate(request, null, TestContext.Current.CancellationToken));
        Assert.StartsWith(field, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_that_names_no_scheduler_gets_the_models_own()
    {
        var own = Draw(Request(Horse) with { Scheduler = null })[0]; // its scheduler_config.json says PNDM
        Assert.Equal(Draw(Request(Horse) with { Scheduler = "PNDMScheduler" })[0], own);
        Assert.NotEqual(Draw(Request(Horse))[0], own);
    }

    [Fact]
    public void A_scheduler_that_is_not_built_is_named_with_those_that_are()
    {
        var error = Assert.Throws<NotSupportedException>(() => Draw(Request(Horse) with { Scheduler = "IPNDMScheduler" }));
        Assert.Contains("IPNDMScheduler is not built", error.Message, StringComparison.Ordinal);
        Assert.Contains("DDIMScheduler", error.Message, StringComparison.Ordinal);
    }

    private static GenerationRequest Request(params ImagePrompt[] images) =>
        new() { Images = images, NumInferenceSteps = 3, Scheduler = "DDIMScheduler", Width = 64, Height = 64 };

    private List<byte[]> Draw(GenerationRequest request, Action<DenoisingStep>? onStep = null)
    {
        var pictures = new List<byte[]>();
        foreach (var image in new StableDiffusionPipeline(model).Generate(request, onStep, TestContext.Current.CancellationToken))
        {
            using (image)
            {
                pictures.Add(image.Picture.Pixels);
            }
        }

        return pictures;
    }
}
