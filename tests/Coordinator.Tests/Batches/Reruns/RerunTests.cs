using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Batches.Reruns;

/// <summary>A batch drawn again: all of it or some, as it was or with other fields.</summary>
public sealed class RerunTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync()
    {
        host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await ReportAsync(hash: "11");
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Without_a_body_every_image_is_drawn_again_with_its_very_settings()
    {
        var origin = await host.SubmitAsync(new BatchRequest { Prompts = ["a", "b <lora:ink:0.5>"], NIter = 2, Product = new FieldLists().With("steps", 10, 20), Name = "n", Tags = ["t"], Priority = 3 });
        var rerun = await RerunAsync(origin, null);
        Assert.Equal((origin.Id, "n", 3), (rerun.OriginId!.Value, rerun.Name, rerun.Priority));
        Assert.Equal($"{rerun.Url}/verification", rerun.VerificationUrl);
        var (before, after) = (await ImagesAsync(origin), await ImagesAsync(rerun));
        Assert.Equal(8, after.Count);
        Assert.Equal(before.Select(image => image.Settings), after.Select(image => image.Settings));
        Assert.Equal(before.Select(image => (Guid?)image.Id), after.Select(image => image.OriginId));
    }

    [Fact]
    public async Task Some_images_are_named_by_place_or_id_and_keep_their_order()
    {
        var origin = await host.SubmitAsync(new BatchRequest { Prompts = ["a", "b", "c", "d"], Seed = 1 });
        var images = await ImagesAsync(origin);
        var rerun = await RerunAsync(origin, new RerunRequest { Images = [new(images[3].Id), new(1)], Name = "some" });
        Assert.Equal(["b", "d"], (await ImagesAsync(rerun)).Select(image => image.Settings.Prompt));
        Assert.Equal("some", rerun.Name);
        Assert.Equal(2, await host.Db.Prompts.CountAsync(prompt => prompt.BatchId == rerun.Id, Token));
    }

    [Fact]
    public async Task Overrides_take_the_place_of_fields_and_all_else_stays()
    {
        var origin = await host.SubmitAsync(new BatchRequest
        {
            Prompts = ["a", "b <lora:ink:0.5>"], Seed = 5, Steps = 30, SamplerName = "DPM++ 2M", Scheduler = "Exponential", ClipSkip = 2, EnableHr = true, HrScale = 1.5,
            ControlnetUnits = [new() { Model = "canny", Image = Png.Base64(), Weight = 0.5 }], NegativePrompt = "x",
        });
        await ReportAsync(hash: "99"); // the files were replaced since
        var rerun = await RerunAsync(origin, new RerunRequest { Overrides = new ImageFields { CfgScale = 3, Width = 128 } });
        var (before, after) = (await ImagesAsync(origin), await ImagesAsync(rerun));
        Assert.Equal(before.Select(image => image.Settings with
        {
            CfgScale = 3, Width = 128, HighResolution = image.Settings.HighResolution! with { HrResizeX = 192 },
        }), after.Select(image => image.Settings));
        Assert.Equal(before.Select(image => (Guid?)image.Id), after.Select(image => image.OriginId));
    }

    [Fact]
    public async Task Another_sampler_brings_its_own_schedule_and_another_prompt_its_own_loras()
    {
        var origin = await host.SubmitAsync(new BatchRequest { Prompt = "a <lora:ink:0.5>", Seed = 5, SamplerName = "DPM++ 2M", Scheduler = "Exponential" });
        var settings = (await RerunAsync(origin, new RerunRequest { Overrides = new ImageFields { SamplerName = "Euler", Prompt = "b" } })).Settings;
        Assert.Equal(("Euler", "Automatic", "b", 5), (settings.SamplerName, settings.Scheduler, settings.Prompt, settings.Seed));
        Assert.Null(settings.Loras);
    }

    [Fact]
    public async Task A_seed_of_minus_one_is_another_for_each_image()
    {
        var origin = await host.SubmitAsync(new BatchRequest { Prompt = "a", Seed = 5, NIter = 3 });
        var seeds = (await ImagesAsync(await RerunAsync(origin, new RerunRequest { Overrides = new ImageFields { Seed = -1 } }))).Select(image => image.Settings.Seed).ToList();
        Assert.Equal(3, seeds.Distinct().Count());
        Assert.Empty(seeds.Intersect([5, 6, 7]));
    }

    [Theory]
    [InlineData("""{"overrides":{"steps":0}}""", "overrides.steps")]
    [InlineData("""{"overrides":{"hr_scale":2}}""", "overrides.hr_scale")]
    [InlineData("""{"overrides":{"width":63}}""", "overrides.width")]
    [InlineData("""{"overrides":{"prompt":" "}}""", "overrides.prompt")]
    [InlineData("""{"overrides":{"seed":-2}}""", "overrides.seed")]
    [InlineData("""{"overrides":{"prompt":"<lora:oil:1>"}}""", "overrides.prompt")]
    [InlineData("""{"overrides":{"prompts":["a"]}}""", "overrides.prompts")]
    [InlineData("""{"overrides":{"steps":5},"verify":true}""", "verify")]
    [InlineData("""{"verify":true}""", "verify")] // nothing is drawn yet
    [InlineData("""{"images":[0,7]}""", "images[1]")]
    [InlineData("""{"images":["00000000-0000-0000-0000-000000000001"]}""", "images[0]")]
    [InlineData("""{"images":[]}""", "images")]
    [InlineData("""{"images":[true]}""", "images[0]")]
    [InlineData("""{"priority":101}""", "priority")]
    public async Task What_is_wrong_is_named(string body, string field)
    {
        var origin = await host.SubmitAsync(new BatchRequest { Prompt = "a" });
        using var answer = await host.Client.PostAsync(new Uri($"{origin.Url}/rerun", UriKind.Relative), new StringContent(body, null, "application/json"), Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
        Assert.Equal([field], problem.RootElement.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        Assert.Equal(1, await host.Db.Batches.CountAsync(Token));
    }

    [Fact]
    public async Task A_picture_that_was_started_from_need_not_be_sent_again()
    {
        var origin = await host.SubmitAsync(new BatchRequest { Prompt = "a", InitImages = [Png.Base64(96, 64)], Mask = Png.Base64(96, 64, content: 255), DenoisingStrength = 0.6 });
        var rerun = await RerunAsync(origin, new RerunRequest { Overrides = new ImageFields { DenoisingStrength = 0.4 } });
        Assert.Equal(origin.Settings with { ImageToImage = origin.Settings.ImageToImage! with { DenoisingStrength = 0.4 } }, rerun.Settings);
    }

    [Fact]
    public async Task What_is_not_there_cannot_be_drawn_again()
    {
        using var answer = await host.Client.PostAsync(new Uri($"/v1/batches/{Guid.NewGuid()}/rerun", UriKind.Relative), null, Token);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private Task ReportAsync(string hash) => host.Get<WorkerRegister>().RegisterAsync(
        CoordinatorHost.Registered("worker-1", host.Time.GetUtcNow()) with
        {
            Adapters = [new() { Kind = AdapterKind.Lora, Name = "ink", Hash = hash }, new() { Kind = AdapterKind.Controlnet, Name = "canny", Hash = hash }],
        },
        Token);

    private async Task<BatchResponse> RerunAsync(BatchResponse origin, RerunRequest? request)
    {
        using var answer = await host.Client.PostAsync(new Uri($"{origin.Url}/rerun", UriKind.Relative), request is null ? null : JsonContent.Create(request, options: FarmJson.Options), Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        return (await answer.Content.ReadFromJsonAsync<BatchResponse>(FarmJson.Options, Token))!;
    }

    private async Task<IReadOnlyList<ImageResponse>> ImagesAsync(BatchResponse batch) => (await host.GetAsync<Page<ImageResponse>>(batch.ImagesUrl)).Items;
}
