using System.Security.Cryptography;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using StableDiffusion.Storage;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Batches;

/// <summary>What a request becomes: every setting with its value, every picture with its hash, every name with its file's.</summary>
public sealed class ResolutionTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync()
    {
        host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.Get<WorkerRegister>().RegisterAsync(
            CoordinatorHost.Registered("worker-1", host.Time.GetUtcNow()) with
            {
                Models = [CoordinatorHost.Description with { Family = ModelFamily.Sdxl, BatchClass = 4 }],
                Adapters =
                [
                    new() { Kind = AdapterKind.Lora, Name = "ink", Hash = "11" }, new() { Kind = AdapterKind.Lora, Name = "oil", Hash = "22" },
                    new() { Kind = AdapterKind.Vae, Name = "mse", Hash = "33" }, new() { Kind = AdapterKind.Controlnet, Name = "canny", Hash = "44" },
                    new() { Kind = AdapterKind.Embedding, Name = "bad-hands", Hash = "55" }, new() { Kind = AdapterKind.Embedding, Name = "cat", Hash = "66" },
                ],
            },
            Token);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("DPM++ 2M Karras", null, "DPM++ 2M", "Karras")]
    [InlineData("dpm++ 2m", null, "DPM++ 2M", "Karras")]
    [InlineData("DPM++ 2M", "exponential", "DPM++ 2M", "Exponential")]
    [InlineData("DPMSolverMultistepScheduler", "Beta", "DPM++ 2M", "Beta")]
    [InlineData(null, "Karras", "Euler", "Karras")]
    [InlineData(null, null, "Euler", "Automatic")]
    public async Task A_sampler_and_its_schedule_type_are_told_apart(string? sampler, string? schedule, string name, string type)
    {
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a", SamplerName = sampler, Scheduler = schedule });
        Assert.Equal((name, type), (batch.Settings.SamplerName, batch.Settings.Scheduler));
    }

    [Fact]
    public async Task Images_have_the_group_key_of_their_own_settings_and_so_have_those_of_a_rerun()
    {
        var batch = await host.SubmitAsync(new BatchRequest
        {
            Prompts = ["a", "a dog", "a dog <lora:oil:0.5>", "a cat", "a dog <lora:>"], NIter = 2, Loras = [new() { Name = "ink" }],
        });
        using var rerun = await host.Client.PostAsync(new Uri(batch.Url + "/rerun", UriKind.Relative), null, Token);
        var images = host.Db.Images
            .Join(host.Db.Recipes, image => image.RecipeId, recipe => recipe.Id, (image, recipe) => new { image.Position, recipe.Settings, recipe.GroupKey })
            .OrderBy(image => image.Position).ToList();
        Assert.Equal((20, 6), (images.Count, host.Db.Recipes.Count())); // three of each batch
        Assert.All(images, image => Assert.Equal(GroupKey.Of(image.Settings), image.GroupKey));
        Assert.Equal([0, 0, 0, 0, 1, 1, 2, 2, 0, 0], images.Take(10).Select(image => images.Select(other => other.GroupKey).Distinct().ToList().IndexOf(image.GroupKey)));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(1, null)]
    [InlineData(2, 2)]
    public async Task Clip_skip_is_kept_as_A1111_counts_and_1_is_none(int? given, int? kept) =>
        Assert.Equal(kept, (await host.SubmitAsync(new BatchRequest { Prompt = "a", ClipSkip = given })).Settings.ClipSkip);

    [Fact]
    public async Task A_picture_to_start_from_gives_the_size_and_its_defaults_are_A1111s()
    {
        var settings = (await host.SubmitAsync(new BatchRequest { Prompt = "a", InitImages = [Png.Base64(101, 70)], Mask = Png.Base64(101, 70, content: 1) })).Settings;
        Assert.Equal((96, 64), (settings.Width, settings.Height));
        Assert.Equal(new ImageToImageSettings { Image = Hash(Png.Bytes(101, 70)), DenoisingStrength = 0.75 }, settings.ImageToImage);
        Assert.Equal(
            new InpaintingSettings
            {
                Mask = Hash(Png.Bytes(101, 70, content: 1)),
                MaskBlur = 4,
                InpaintingMaskInvert = false,
                InpaintingFill = InpaintingFill.Original,
                InpaintFullRes = false,
                InpaintFullResPadding = 32,
                PasteBack = true,
            },
            settings.Inpainting);
        Assert.Equal([settings.ImageToImage!.Image, settings.Inpainting!.Mask], settings.Inputs());
    }

    [Fact]
    public async Task A_masked_area_alone_is_drawn_at_the_models_size()
    {
        var png = Png.Base64(128, 128);
        var settings = (await host.SubmitAsync(new BatchRequest { Prompt = "a", InitImages = [png], Mask = png, InpaintFullRes = true })).Settings;
        Assert.Equal((64, 64), (settings.Width, settings.Height));
    }

    [Fact]
    public async Task An_input_is_stored_once_however_often_it_comes()
    {
        var png = Png.Base64();
        await host.SubmitAsync(new BatchRequest { Prompts = ["a", "b"], NIter = 3, InitImages = [png], Mask = png });
        await host.SubmitAsync(new BatchRequest { Prompt = "a", InitImages = ["data:image/png;base64," + png] });
        List<string> keys = [];
        await foreach (var entry in host.Get<IObjectStore>().ListAsync(InputKey.Prefix, Token))
        {
            keys.Add(entry.Key);
        }

        Assert.Equal([$"inputs/{Hash(Png.Bytes())}.png"], keys);
        await using var stored = await host.Get<IObjectStore>().OpenReadAsync(keys[0], Token);
        using var bytes = new MemoryStream();
        await stored!.Content.CopyToAsync(bytes, Token);
        Assert.Equal(Png.Bytes(), bytes.ToArray());
    }

    [Fact]
    public async Task A_refused_request_stores_no_input()
    {
        using var answer = await host.Client.PostAsync(
            new Uri("/v1/batches", UriKind.Relative), new StringContent($$"""{"prompt":"a","steps":0,"init_images":["{{Png.Base64()}}"]}""", System.Text.Encoding.UTF8, "application/json"), Token);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.StatusCode);
        await foreach (var entry in host.Get<IObjectStore>().ListAsync("", Token))
        {
            Assert.Fail(entry.Key);
        }
    }

    [Theory]
    [InlineData(null, null, null, 2.0, 128, 192)]
    [InlineData(1.3, null, null, 1.3, 80, 120)]
    [InlineData(null, 128, 128, null, 128, 128)]
    [InlineData(null, 128, null, null, 128, 192)]
    [InlineData(null, null, 144, null, 96, 144)]
    public async Task A_second_passs_size_follows_from_what_is_given(double? scale, int? x, int? y, double? keptScale, int width, int height)
    {
        var settings = (await host.SubmitAsync(new BatchRequest { Prompt = "a", Width = 64, Height = 96, EnableHr = true, HrScale = scale, HrResizeX = x, HrResizeY = y })).Settings;
        Assert.Equal(
            new HighResolutionSettings
            {
                HrUpscaler = "Latent",
                HrScale = keptScale,
                HrResizeX = width,
                HrResizeY = height,
                HrSecondPassSteps = 20,
                DenoisingStrength = 0.7,
            },
            settings.HighResolution);
    }

    [Fact]
    public async Task Each_prompt_has_the_LoRAs_and_embeddings_that_it_names_with_their_hashes()
    {
        var batch = await host.SubmitAsync(new BatchRequest
        {
            Prompts = ["a cat <lora:ink:0.5>", "concatenate <lora:ink>", "<lora:ink:-1>"],
            NegativePrompt = "(BAD-hands:1.2)",
            Loras = [new LoraUse { Name = "oil", Weight = 0.25 }],
            Seed = 1,
        });
        var images = (await host.GetAsync<Page<ImageResponse>>(batch.ImagesUrl)).Items;
        Assert.Equal([0.5, 1, -1], images.Select(image => image.Settings.Loras![1].Weight));
        Assert.All(images, image => Assert.Equal([("oil", "22", 0.25), ("ink", "11", image.Settings.Loras![1].Weight)], image.Settings.Loras!.Select(lora => (lora.Name, lora.Hash, lora.Weight))));
        Assert.Equal(["bad-hands cat", "bad-hands", "bad-hands"], images.Select(image => string.Join(' ', image.Settings.Embeddings!.Select(embedding => embedding.Name))));
        Assert.Equal("a cat <lora:ink:0.5>", images[0].Settings.Prompt);
    }

    [Fact]
    public async Task Plain_prompts_are_taken_as_they_stand() =>
        Assert.Null((await host.SubmitAsync(new BatchRequest { Prompt = "a <lora:gone:1>", PromptSyntax = PromptSyntax.Plain })).Settings.Loras);

    [Fact]
    public async Task Control_images_a_VAE_and_SDXLs_fields_are_kept_whole()
    {
        var settings = (await host.SubmitAsync(new BatchRequest
        {
            Prompt = "a",
            Prompt2 = "b",
            PromptSyntax = PromptSyntax.Plain,
            NegativePrompt2 = "c",
            Vae = "mse",
            ControlnetUnits = [new ControlNetUnit { Model = "canny", Image = Png.Base64(), Weight = 0.5, GuidanceEnd = 0.8, ControlMode = "controlnet is more important" }],
            OriginalWidth = 1024,
            CropY = 8,
        })).Settings;
        Assert.Equal(("b", "c", "33"), (settings.Prompt2, settings.NegativePrompt2, settings.Vae!.Hash));
        Assert.Equal(
            new ControlNetSettings
            {
                Model = "canny",
                Hash = "44",
                Image = Hash(Png.Bytes()),
                Weight = 0.5,
                GuidanceStart = 0,
                GuidanceEnd = 0.8,
                ControlMode = ControlModes.Control,
            },
            Assert.Single(settings.ControlNets!));
        Assert.Equal(new SizeSettings { OriginalWidth = 1024, OriginalHeight = 64, CropX = 0, CropY = 8, TargetWidth = 64, TargetHeight = 64 }, settings.Sizes);
    }

    [Fact]
    public async Task The_batch_class_is_the_models_and_stays_when_the_models_changes()
    {
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a", NIter = 5 });
        Assert.Equal(2, (await host.SubmitAsync(new BatchRequest { Prompt = "a", NIter = 3 })).Settings.BatchClass);
        Assert.Equal(1, (await host.SubmitAsync(new BatchRequest { Prompt = "a" })).Settings.BatchClass);
        Assert.Equal(2, (await host.SubmitAsync(new BatchRequest { Prompt = "a", BatchClass = 2 })).Settings.BatchClass);
        await host.ReportWorkerAsync();
        using var answer = await host.Client.PostAsync(new Uri(batch.Url + "/rerun", UriKind.Relative), null, Token);
        var images = await host.GetAsync<Page<ImageResponse>>(answer.Headers.Location + "/images");
        Assert.Equal((4, 4), (batch.Settings.BatchClass, images.Items[0].Settings.BatchClass));
    }

    [Fact]
    public async Task Adapters_are_listed_by_kind_with_whether_a_live_worker_holds_them()
    {
        Assert.Equal(6, (await host.GetAsync<List<AdapterResponse>>("/v1/adapters")).Count);
        var loras = await host.GetAsync<List<AdapterResponse>>("/v1/adapters?kind=lora");
        Assert.Equal([("ink", true), ("oil", true)], loras.Select(lora => (lora.Name, lora.Live)));
        host.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.All(await host.GetAsync<List<AdapterResponse>>("/v1/adapters?kind=lora"), lora => Assert.False(lora.Live));
    }

    private static string Hash(byte[] file) => Convert.ToHexStringLower(SHA256.HashData(file));
}
