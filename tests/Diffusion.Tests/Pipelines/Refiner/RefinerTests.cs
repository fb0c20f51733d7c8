using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Checkpoints.Ldm;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Tests.Checkpoints;
using StableDiffusion.Diffusion.Verification;
using static StableDiffusion.Diffusion.Tests.Pipelines.Drawing;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Pipelines.Refiner;

public sealed class RefinerTests : IDisposable
{
    private readonly RefinerFolder folder = new();

    public void Dispose() => folder.Dispose();

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
        var published = PublishedModel.Of(SingleFileFamily.XLRefiner, 4, StableDiffusion.Diffusion.Schedulers.PredictionType.Epsilon);
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

    [Fact]
    public void A_second_prompt_is_refused()
    {
        using var model = Load();
        var error = Assert.Throws<ArgumentException>(() => model.Draw(Over(Horse with { Prompt2 = "a cat" })));
        Assert.StartsWith("images[0].prompt_2:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_calls_can_be_probed_for_their_places()
    {
        using var model = Load();
        Assert.True(BatchClassProbe.IsPlaceIndependent(model, 2, 64, 64));
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
