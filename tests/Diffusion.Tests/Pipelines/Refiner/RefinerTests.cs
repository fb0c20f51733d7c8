using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Checkpoints.Ldm;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Safetensors;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Diffusion.Tests.Checkpoints;
using StableDiffusion.Diffusion.Verification;
using static StableDiffusion.Diffusion.Tests.Pipelines.Drawing;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Pipelines.Refiner;

public sealed class RefinerTests : IDisposable
{
    private readonly RefinerFolder folder = new();
    private readonly Lazy<StableDiffusionModel> model = new(() => StableDiffusionModel.Load(Goldens.Path("models/tiny-sdxl")));

    private StableDiffusionModel Base => model.Value;

    public void Dispose()
    {
        folder.Dispose();
        if (model.IsValueCreated)
        {
            model.Value.Dispose();
        }
    }

    [Fact]
    public void It_draws_over_pictures_as_diffusers_does()
    {
        var rows = new PipelinesCheck().Run(new VerificationRun(folder.Root, CPU, ScalarType.Float32), TestContext.Current.CancellationToken).ToArray();
        Assert.Equal(["pipelines/refiner: latents", "pipelines/refiner: pictures, in 1/255"], rows.Select(row => row.Compared));
        Assert.All(rows, row => Assert.True(row is { Outcome: VerificationOutcome.Passed, Cases: 3 }, $"{row}"));
    }

    [Fact]
    public void A_single_file_of_it_is_told_by_its_text_encoder_and_draws_the_same()
    {
        using var expected = Load();
        using var files = new TemporaryFolder();
        string path = files.File("refiner.safetensors");
        WeightsOnDisk.Rewrite(Goldens.Path("single-files/tiny-sdxl.safetensors"), tensors => MakeRefiner(tensors, expected), path);
        using var single = StableDiffusionModel.Load(path, options: new SingleFileOptions { ConfigFolder = folder.Model });
        Assert.Null(single.TextEncoder);
        Assert.True(single is { IsXL: true, RequiresAestheticsScore: true, ForceZerosForEmptyPrompt: false });
        Assert.Equal(["conditioner.embedders.0.model.logit_scale"], single.PassedOver);
        Assert.Equal(expected.DrawOne(Over(Horse)), single.DrawOne(Over(Horse)));
    }

    [Fact]
    public void Its_published_sizes_are_what_the_published_file_has()
    {
        // of stabilityai/stable-diffusion-xl-refiner-1.0: its U-Net's input for pooled text and sizes, its middle, its only text encoder
        var published = PublishedModel.Of(SingleFileFamily.XLRefiner, 4, PredictionType.Epsilon);
        Assert.Null(published.TextEncoder);
        Assert.Equal(published.TextEncoder2!.HiddenSize, published.UNet.CrossAttentionDim);
        Assert.Equal(published.TextEncoder2.ProjectionDim + (5 * 256), published.UNet.ProjectionClassEmbeddingsInputDim);
        var names = LdmUNet.Names(published.UNet);
        Assert.Equal("down_blocks.2.attentions.1.transformer_blocks.3.norm1", names.ToDiffusers("input_blocks.8.1.transformer_blocks.3.norm1"));
        Assert.Equal("up_blocks.0.upsamplers.0.conv", names.ToDiffusers("output_blocks.2.1.conv"));
        Assert.Equal("up_blocks.2.upsamplers.0.conv", names.ToDiffusers("output_blocks.8.2.conv"));
        Assert.Equal("up_blocks.3.resnets.2.conv1", names.ToDiffusers("output_blocks.11.0.in_layers.2"));
        Assert.Null(names.ToDiffusers("output_blocks.11.1.norm"));
    }

    [Fact]
    public void Its_scores_stand_in_the_targets_place_and_the_negative_prompt_has_its_own_crop()
    {
        var sizes = new SizeConditions { OriginalSize = (20, 30), CropsCoordsTopLeft = (1, 2), NegativeCropsCoordsTopLeft = (3, 4), TargetSize = (50, 60) };
        var ids = TimeIds.Of(sizes, new DrawnSize(72, 64), fromPicture: true, scored: true);
        Assert.Equal([20, 30, 1, 2, 6], ids.Positive);
        Assert.Equal([20, 30, 3, 4, 2.5f], ids.Negative);
    }

    [Theory]
    [InlineData(PromptReading.Diffusers)]
    [InlineData(PromptReading.A1111)]
    public void It_reads_prompts_either_way(PromptReading reading)
    {
        using var model = Load();
        var request = Over(Horse) with { PromptReading = reading };
        Assert.NotEqual(model.DrawOne(request), model.DrawOne(request with { Images = [Lighthouse with { Seed = Horse.Seed }] }));
        Assert.Equal(model.DrawOne(request), model.Draw(request with { Images = [Lighthouse, Horse] })[1].Pixels);
    }

    [Fact]
    public void From_text_alone_it_is_refused()
    {
        using var model = Load();
        Assert.StartsWith("image:", Assert.Throws<ArgumentException>(() => model.Draw(Request(Horse))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EulerDiscreteScheduler")]
    [InlineData("HeunDiscreteScheduler")] // which asks twice a step
    [InlineData("DPMSolverMultistepScheduler")]
    public void It_goes_on_from_the_bases_latents_as_diffusers_does(string scheduler)
    {
        using var refiner = Load();
        using var expected = new SafetensorsFile(RefinerFolder.Own("handover.safetensors"));
        using var latents = expected.Read($"{scheduler}.latents");
        var drawing = Request(new ImagePrompt("a photograph of an astronaut riding a horse", null, 3)) with { NumInferenceSteps = 12, GuidanceScale = 5, Scheduler = scheduler };
        using var left = Base.LatentsOf(drawing with { DenoisingEnd = 0.6 });
        using var refined = refiner.LatentsOf(drawing with { Continuation = new Continuation { Latents = [left], DenoisingStart = 0.6 } });
        Assert.InRange((refined - latents).abs().max().item<float>() / latents.abs().max().item<float>(), 0, 1e-4); // sums rounded in another order
    }

    [Fact]
    public void What_stops_and_goes_on_with_the_same_model_is_drawn_at_once()
    {
        var drawing = Request(Horse, Lighthouse) with { NumInferenceSteps = 8 }; // without memory of other steps than the last
        var whole = Base.Draw(drawing);
        var left = new StableDiffusionPipeline(Base).Generate(drawing with { DenoisingEnd = 0.5 }, null, TestContext.Current.CancellationToken).ToArray();
        var steps = new List<int>();
        var parts = Base.Draw(drawing with { Continuation = new Continuation { Latents = [.. left.Select(image => image.Latents)], DenoisingStart = 0.5 } }, step => steps.Add(step.Steps));
        Assert.Equal(whole.Select(picture => picture.Pixels), parts.Select(picture => picture.Pixels));
        Assert.All(steps, count => Assert.Equal(4, count));
        Array.ForEach(left, image => image.Dispose());
    }

    [Fact]
    public void What_cannot_be_gone_on_from_is_named()
    {
        using Tensor latents = zeros(1, 4, 8, 8), wide = zeros(1, 4, 8, 9);
        var going = new Continuation { Latents = [latents], DenoisingStart = 0.5 };
        AssertRefused("denoising_start:", request => request with { Continuation = going with { DenoisingStart = 1 } });
        AssertRefused("denoising_start:", request => request with { Continuation = going, DenoisingEnd = 0.5 });
        AssertRefused("denoising_end:", request => request with { DenoisingEnd = 0 });
        AssertRefused("latents:", request => request with { Continuation = going with { Latents = [latents, latents] } });
        AssertRefused("latents[0]:", request => request with { Continuation = going with { Latents = [latents[0]] } });
        AssertRefused("width:", request => request with { Continuation = going with { Latents = [wide] } });
        AssertRefused("latents:", request => request with { Continuation = going, Init = new ImageToImage { Image = Input("init") } });

        void AssertRefused(string field, Func<GenerationRequest, GenerationRequest> change) =>
            Assert.StartsWith(field, Assert.Throws<ArgumentException>(() => Base.Draw(change(Request(Horse)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_prompt_is_refused()
    {
        using var model = Load();
        var error = Assert.Throws<ArgumentException>(() => model.Draw(Over(Horse with { Prompt2 = "a cat" })));
        Assert.StartsWith("images[0].prompt_2:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_pictures_have_the_same_bytes_in_every_place_where_the_probe_says_so()
    {
        using var model = Load();
        var request = Over(Horse) with { BatchClass = 2 };
        if (BatchClassProbe.IsPlaceIndependent(model, 2, 64, 64)) // that depends on the processor
        {
            Assert.Equal(model.DrawOne(request), model.Draw(request with { Images = [Lighthouse, Horse] })[1].Pixels);
        }
    }

    private static GenerationRequest Over(ImagePrompt image) => Request(image) with { Init = new ImageToImage { Image = Input("init"), Strength = 0.7 } };

    /// <summary>LDM's layout of it, from that of the base.</summary>
    private static void MakeRefiner(Dictionary<string, Tensor> tensors, StableDiffusionModel refiner)
    {
        string[] gone = [LdmUNet.Prefix, SingleFileFamilies.XLTextEncoder];
        foreach (string key in tensors.Keys.Where(key => gone.Any(key.StartsWith)).ToList())
        {
            tensors.Remove(key);
        }

        foreach (string key in tensors.Keys.Where(key => key.StartsWith(SingleFileFamilies.XLTextEncoder2, StringComparison.Ordinal)).ToList())
        {
            tensors.Remove(key, out var weight);
            tensors.Add(SingleFileFamilies.XLRefinerTextEncoder + key[SingleFileFamilies.XLTextEncoder2.Length..], weight!);
        }

        var names = LdmUNet.Names(refiner.UNet.Config);
        foreach (var (name, weight) in refiner.UNet.named_parameters())
        {
            tensors.Add(LdmUNet.Prefix + names.ToLdm(name), weight);
        }
    }

    private StableDiffusionModel Load() => StableDiffusionModel.Load(folder.Model);
}
