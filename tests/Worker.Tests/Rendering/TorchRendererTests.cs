using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Manifests;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Tests.Fakes;
using static StableDiffusion.Worker.Tests.Fakes.RendererBench;
using InpaintingFill = StableDiffusion.Contracts.Settings.InpaintingFill;

namespace StableDiffusion.Worker.Tests.Rendering;

/// <summary>The real network, on the tiny model of the reference numbers: the published structure with small random weights.</summary>
public sealed class TorchRendererTests : IDisposable
{
    private readonly RendererBench bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task Real_model_draws_and_a_rerun_in_other_company_gives_the_same_file()
    {
        using var renderer = bench.Renderer(TinyModel);
        var model = Assert.Single((await renderer.LoadAsync(Cancel)).Models);
        var (euler, ddim) = (Settings(model.DefaultSize) with { SamplerName = "Euler" }, Settings(model.DefaultSize) with { SamplerName = "DDIM" });

        var alone = Assert.Single(await Draw(renderer, euler));
        var inCompany = await Draw(renderer, euler with { Seed = 7, Prompt = "a digit" }, euler);
        var other = Assert.Single(await Draw(renderer, ddim));

        Assert.Equal((model.DefaultSize, model.DefaultSize, 3), (alone.Width, alone.Height, alone.Channels));
        Assert.Equal(File(renderer, euler, model.Hash, alone), File(renderer, euler, model.Hash, inCompany[1]));
        Assert.NotEqual(inCompany[0].Pixels, inCompany[1].Pixels);
        Assert.NotEqual(alone.Pixels, other.Pixels);
        Assert.True(alone.Pixels.Distinct().Count() > 16, "a picture has more than a few values");
    }

    [Fact]
    public async Task Callbacks_come_in_order_for_each_image()
    {
        using var renderer = bench.Renderer(TinyModel);
        var size = (await renderer.LoadAsync(Cancel)).Models[0].DefaultSize;
        var seen = new List<string>();

        await renderer.RenderAsync(
            new RenderGroup("tiny-sd15", [Settings(size), Settings(size) with { Seed = 2 }])
            {
                Started = image => seen.Add($"{image} started"),
                StepDone = news => seen.Add($"{news.Image} step {news.Step} of {news.Steps}"),
                Rendered = (image, _) => seen.Add($"{image} rendered"),
            },
            Cancel);

        Assert.Equal(
            ["0 started", "0 step 1 of 3", "0 step 2 of 3", "0 step 3 of 3", "0 rendered", "1 started", "1 step 1 of 3", "1 step 2 of 3", "1 step 3 of 3", "1 rendered"], seen);
    }

    [Fact]
    public async Task Images_that_share_calls_start_together_and_those_that_may_not_one_after_the_other()
    {
        using var renderer = bench.Renderer(TinyModel, threads: 1);
        var settings = Settings((await renderer.LoadAsync(Cancel)).Models[0].DefaultSize) with { BatchClass = 2 };
        var seen = new List<string>();

        await renderer.RenderAsync(
            new RenderGroup("tiny-sd15", [settings, settings with { Seed = 2 }])
            {
                Started = image => seen.Add($"{image} started"),
                StepDone = news => seen.Add($"{news.Image} step {news.Step}"),
                Rendered = (image, _) => seen.Add($"{image} rendered"),
            },
            Cancel);

        Assert.Equal(
            await MayShareCallsAsync(settings)
                ? ["0 started", "0 step 1", "1 started", "1 step 1", "0 step 2", "1 step 2", "0 step 3", "1 step 3", "0 rendered", "1 rendered"]
                : ["0 started", "0 step 1", "0 step 2", "0 step 3", "0 rendered", "1 started", "1 step 1", "1 step 2", "1 step 3", "1 rendered"],
            seen);
    }

    [Fact]
    public async Task A_preview_is_a_pixel_for_each_latent_and_leaves_the_picture_as_it_is()
    {
        using var renderer = bench.Renderer(TinyModel);
        var size = (await renderer.LoadAsync(Cancel)).Models[0].DefaultSize;
        var plain = Assert.Single(await Draw(renderer, Settings(size)));
        List<Picture> previews = [];
        Picture? watched = null;

        await renderer.RenderAsync(
            new RenderGroup("tiny-sd15", [Settings(size)]) { StepDone = news => previews.Add(news.Preview()), Rendered = (_, drawn) => watched = drawn.Picture }, Cancel);

        Assert.Equal(3, previews.Select(preview => Convert.ToHexString(preview.Pixels)).Distinct().Count());
        Assert.All(previews, preview => Assert.Equal(size, preview.Width * (size / preview.Width)));
        Assert.Equal(plain.Pixels, watched!.Pixels);
    }

    [Fact]
    public async Task Cancelled_between_two_steps_it_ends_and_the_next_group_is_drawn()
    {
        using var renderer = bench.Renderer(TinyModel);
        var size = (await renderer.LoadAsync(Cancel)).Models[0].DefaultSize;
        using var stop = new CancellationTokenSource();
        var steps = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => renderer.RenderAsync(
            new RenderGroup("tiny-sd15", [Settings(size)]) { StepDone = news => { steps = news.Step; stop.Cancel(); } }, stop.Token));

        Assert.Equal(1, steps);
        Assert.Single(await Draw(renderer, Settings(size)));
    }

    [Fact]
    public async Task A_picture_is_started_from_by_its_hash_and_strength_nothing_gives_it_back_as_the_VAE_does()
    {
        using var renderer = bench.Renderer(TinyModel);
        var settings = Settings((await renderer.LoadAsync(Cancel)).Models[0].DefaultSize);
        string grey = bench.Store.PutPicture(settings.Width, settings.Height, 100), white = bench.Store.PutPicture(settings.Width, settings.Height, 255);
        ImageSettings From(string hash, double strength) => settings with { ImageToImage = new ImageToImageSettings { Image = hash, DenoisingStrength = strength } };

        var pictures = new[] { From(grey, 0), From(grey, 0) with { Seed = 43 }, From(grey, 0.7), From(white, 0.7), settings }
            .Select(async image => Assert.Single(await Draw(renderer, image)).Pixels);
        byte[][] drawn = await Task.WhenAll(pictures);

        Assert.Equal(drawn[0].Length, drawn[4].Length);
        Assert.Equal(4, drawn.Skip(1).Select(Convert.ToHexString).Distinct().Count());
    }

    [Fact]
    public async Task What_is_opaque_of_a_mask_is_drawn_anew_and_the_rest_has_white_behind_what_is_transparent()
    {
        using var renderer = bench.Renderer(TinyModel);
        var settings = Settings((await renderer.LoadAsync(Cancel)).Models[0].DefaultSize);
        int size = settings.Width;
        string clear = bench.Store.Put(new Picture(size, size, 4, new byte[size * size * 4]));
        string mask = bench.Store.Put(new Picture(size / 2, size, 4, [.. Enumerable.Range(0, size * size * 2).Select(at => (byte)(at % 4 == 3 && at % (size * 2) >= size ? 255 : 0))]));
        var drawn = Assert.Single(await Draw(renderer, settings with
        {
            ImageToImage = new ImageToImageSettings { Image = clear, DenoisingStrength = 0.7 },
            Inpainting = new InpaintingSettings
            {
                Mask = mask, MaskBlur = 0, InpaintingMaskInvert = false, InpaintingFill = InpaintingFill.Original, InpaintFullRes = false, InpaintFullResPadding = 0, PasteBack = true,
            },
        }));
        byte[][] rows = [.. drawn.Pixels.Chunk(size * 3)];
        Assert.All(rows, row => Assert.All(row.Take((size / 2 * 3) - 24), value => Assert.Equal(255, value))); // but for Lanczos' reach
        Assert.Contains(rows, row => row.Skip((size / 2 * 3) + 24).Any(value => value != 255));
    }

    [Fact]
    public async Task Tags_of_a_prompt_are_not_read_as_words_unless_it_is_plain()
    {
        using var renderer = bench.Renderer(TinyModel);
        var settings = Settings((await renderer.LoadAsync(Cancel)).Models[0].DefaultSize) with { Prompt = "a red circle", PromptSyntax = PromptSyntax.A1111 };

        var without = Assert.Single(await Draw(renderer, settings));
        var tagged = Assert.Single(await Draw(renderer, settings with { Prompt = "a red circle<lora:ink:0>" }));
        var plain = Assert.Single(await Draw(renderer, settings with { Prompt = "a red circle<lora:ink:0>", PromptSyntax = PromptSyntax.Plain }));

        Assert.Equal(without.Pixels, tagged.Pixels);
        Assert.NotEqual(without.Pixels, plain.Pixels);
    }

    [Fact]
    public async Task A_layer_that_the_text_encoder_does_not_have_is_told_as_the_request_counts()
    {
        using var renderer = bench.Renderer(TinyModel);
        var settings = Settings((await renderer.LoadAsync(Cancel)).Models[0].DefaultSize);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => Draw(renderer, settings with { ClipSkip = 12 }));

        Assert.Equal("clip_skip: 12 is more than the 3 layers of this model's text encoder; give 1 … 3.", error.Message);
    }

    [Theory]
    [InlineData("Magic", 0, 3, "sampler_name")]
    [InlineData("Euler", 1, 3, "width")]
    [InlineData("Euler", 0, 0, "steps")]
    public async Task Request_that_the_model_cannot_draw_is_refused_by_the_fields_name(string sampler, int more, int steps, string field)
    {
        using var renderer = bench.Renderer(TinyModel);
        var size = (await renderer.LoadAsync(Cancel)).Models[0].DefaultSize;

        var error = await Assert.ThrowsAsync<ArgumentException>(
            () => Draw(renderer, Settings(size) with { SamplerName = sampler, Width = size + more, Steps = steps }));

        Assert.Contains(field, error.Message, StringComparison.Ordinal);
        Assert.Single(await Draw(renderer, Settings(size)));
    }

    [Fact]
    public async Task Broken_model_is_told_in_the_log_and_left_out_and_the_others_are_held()
    {
        Directory.CreateDirectory(Path.Combine(bench.Root, "broken"));
        await System.IO.File.WriteAllTextAsync(Path.Combine(bench.Root, "broken", "model_index.json"), "{ not json", Cancel);
        Directory.CreateDirectory(Path.Combine(bench.Root, "bad name"));
        await System.IO.File.WriteAllTextAsync(Path.Combine(bench.Root, "bad name", "model_index.json"), "{}", Cancel);
        using var renderer = bench.Renderer($"{bench.Root}:{TinyModel}");

        var loaded = await renderer.LoadAsync(Cancel);

        Assert.Equal("tiny-sd15", Assert.Single(loaded.Models).Name);
        Assert.Equal(["bad name", "broken"], loaded.Faults.Select(fault => fault.Name));
        Assert.Contains("model_index.json", loaded.Faults[1].Reason, StringComparison.Ordinal);
        Assert.Contains(bench.Log, line => line.Contains(Path.Combine(bench.Root, "broken"), StringComparison.Ordinal) && line.Contains("left out", StringComparison.Ordinal));
        Assert.Contains(bench.Log, line => line.Contains("\"bad name\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Settings_say_what_a_single_file_predicts_and_which_of_its_weights_are_drawn_with()
    {
        Directory.CreateSymbolicLink(Path.Combine(bench.Root, "tiny-sd15"), TinyModel);
        System.IO.File.Copy(TinyModel + ".safetensors", Path.Combine(bench.Root, "tiny-sd15.safetensors"));
        using var plain = bench.Renderer(bench.Root);
        using var velocity = bench.Renderer(bench.Root, singleFile: new SingleFileSetting { PredictionType = "v_prediction" });
        using var averaged = bench.Renderer(bench.Root, singleFile: new SingleFileSetting { UseEma = "true" });
        var settings = Settings((await plain.LoadAsync(Cancel)).Models[0].DefaultSize);
        await velocity.LoadAsync(Cancel);

        Assert.NotEqual(Assert.Single(await Draw(plain, settings)).Pixels, Assert.Single(await Draw(velocity, settings)).Pixels);
        Assert.Contains("conv_in.weight", Assert.Single((await averaged.LoadAsync(Cancel)).Faults).Reason, StringComparison.Ordinal); // the file has one averaged weight
    }

    [Fact]
    public void Environment_names_what_the_bytes_depend_on()
    {
        using var renderer = bench.Renderer(TinyModel, threads: 1);

        var environment = renderer.Environment;

        Assert.Equal(("cpu", "float32", 1), (environment.Device, environment.Dtype, environment.Threads));
        Assert.Matches(@"^\d+\.\d+", environment.Torch);
        Assert.StartsWith(".NET ", environment.Runtime, StringComparison.Ordinal);
        Assert.StartsWith("cpu (1 threads)", renderer.Device, StringComparison.Ordinal);
        Assert.All(new[] { environment.Blas, environment.Hardware, environment.Diffusion }, Assert.NotEmpty);
    }

    /// <summary>Whether pictures have the same bits in every place of a call: that depends on the processor and on the number of threads.</summary>
    private static async Task<bool> MayShareCallsAsync(ImageSettings settings)
    {
        using var thread = new DeviceThread("probe");
        return await thread.RunAsync(
            () =>
            {
                TorchSharp.torch.set_num_threads(1); // this thread's own
                using var model = StableDiffusionModel.Load(TinyModel);
                return BatchClassProbe.IsPlaceIndependent(model, settings.BatchClass, settings.Width, settings.Height);
            },
            Cancel);
    }

    private static byte[] File(TorchRenderer renderer, ImageSettings settings, string hash, Picture picture) =>
        PictureFile.Encode(picture, new Manifest { Settings = settings, ModelHash = hash, Environment = renderer.Environment });
}
