using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Batches;

public sealed class SubmissionTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync()
    {
        host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.ReportWorkerAsync();
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Every_prompt_takes_every_seed_with_prompts_outermost()
    {
        var batch = await host.SubmitAsync(new BatchRequest { Prompts = ["a", "b"], Seed = 40, NIter = 3 });
        var images = await ImagesAsync(batch);
        Assert.Equal(
            [("a", 40L), ("a", 41L), ("a", 42L), ("b", 40L), ("b", 41L), ("b", 42L)],
            images.Select(image => (image.Settings.Prompt, image.Settings.Seed)));
        Assert.Equal(Enumerable.Range(0, 6), images.Select(image => image.Index));
        Assert.All(images, image => Assert.Equal(ImageState.Queued, image.State));
        Assert.Equal(new ImageCounts { Total = 6, Queued = 6, Dispatched = 0, Rendering = 0, Succeeded = 0, Failed = 0, Cancelled = 0 }, batch.Counts);
        Assert.Equal(0, batch.Progress);
    }

    [Fact]
    public async Task What_is_left_out_is_the_models_or_a_documented_default()
    {
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a", Seed = 1 });
        Assert.Equal(
            new ImageSettings
            {
                Model = "tiny",
                Prompt = "a",
                NegativePrompt = "",
                Seed = 1,
                Steps = 20,
                CfgScale = 5,
                Width = 64,
                Height = 64,
                SamplerName = "Euler",
                Scheduler = "Automatic",
                PromptSyntax = PromptSyntax.A1111,
            },
            batch.Settings);
    }

    [Fact]
    public async Task The_model_left_out_is_the_one_that_live_workers_hold_and_another_may_be_named()
    {
        host.Time.Advance(TimeSpan.FromMinutes(1)); // the worker that holds "tiny" is silent
        var other = CoordinatorHost.Description with { Name = "other" };
        await host.Get<WorkerRegister>().RegisterAsync(CoordinatorHost.Registered("worker-2", host.Time.GetUtcNow()) with { Models = [other] }, Token);
        Assert.Equal("other", (await host.SubmitAsync(new BatchRequest { Prompt = "a" })).Settings.Model);
        Assert.Equal("tiny", (await host.SubmitAsync(new BatchRequest { Prompt = "a", Model = "tiny" })).Settings.Model);
    }

    [Fact]
    public async Task With_no_worker_alive_the_model_left_out_is_the_only_known_one()
    {
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("tiny", (await host.SubmitAsync(new BatchRequest { Prompt = "a" })).Settings.Model);
    }

    [Fact]
    public async Task Everything_given_is_kept_and_the_sampler_has_its_own_spelling()
    {
        var batch = await host.SubmitAsync(new BatchRequest
        {
            Model = "tiny",
            Prompts = ["\"a\", ünïcode 🎨"],
            NegativePrompt = "b",
            Seeds = [9, 3, 9],
            Steps = 150,
            CfgScale = 0,
            Width = 8,
            Height = 2048,
            SamplerName = "ddim",
        });
        Assert.Equal(
            new ImageSettings
            {
                Model = "tiny",
                Prompt = "\"a\", ünïcode 🎨",
                NegativePrompt = "b",
                Seed = 9,
                Steps = 150,
                CfgScale = 0,
                Width = 8,
                Height = 2048,
                SamplerName = "DDIM",
                PromptSyntax = PromptSyntax.A1111,
            },
            batch.Settings);
        Assert.Equal([9L, 3, 9], (await ImagesAsync(batch)).Select(image => image.Settings.Seed));
    }

    [Theory]
    [InlineData(-1L)]
    [InlineData(null)]
    public async Task A_random_seed_is_resolved_and_stored_at_submission(long? seed)
    {
        var first = await host.SubmitAsync(new BatchRequest { Prompts = ["a", "b"], Seed = seed, NIter = 2 });
        var second = await host.SubmitAsync(new BatchRequest { Prompt = "a", Seed = seed });
        var seeds = (await ImagesAsync(first)).Select(image => image.Settings.Seed).ToList();
        Assert.InRange(seeds[0], 0, uint.MaxValue);
        Assert.Equal([seeds[0], seeds[0] + 1, seeds[0], seeds[0] + 1], seeds);
        Assert.NotEqual(seeds[0], second.Settings.Seed); // equal once in four billion runs
    }

    [Fact]
    public async Task The_answer_is_201_at_the_batchs_own_place()
    {
        using var answer = await host.Client.PostAsJsonAsync("/v1/batches", new { prompt = "a" }, Token);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var created = await answer.Content.ReadFromJsonAsync<BatchResponse>(FarmJson.Options, Token);
        Assert.Equal($"/v1/batches/{created!.Id}", answer.Headers.Location!.OriginalString);
        Assert.Equivalent(created, await host.GetAsync<BatchResponse>(created.Url) with { Waiting = null }, strict: true);
        Assert.Equal(host.Time.GetUtcNow(), created.CreatedAt);
    }

    [Fact]
    public async Task A_hundred_thousand_images_are_accepted_in_one_request()
    {
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a", Seed = 0, NIter = 100_000 });
        Assert.Equal(100_000, batch.Counts.Queued);
        Assert.Equal(99_999, await host.Db.Images.MaxAsync(image => image.Seed, Token));
    }

    [Fact]
    public async Task A_rerun_has_the_same_settings_and_knows_its_origin()
    {
        var origin = await host.SubmitAsync(new BatchRequest { Prompts = ["a", "b"], NIter = 2, Steps = 3, CfgScale = 1.5 });
        using var answer = await host.Client.PostAsync(new Uri(origin.Url + "/rerun", UriKind.Relative), null, Token);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var rerun = (await answer.Content.ReadFromJsonAsync<BatchResponse>(FarmJson.Options, Token))!;
        Assert.Equal(origin.Id, rerun.OriginId);
        Assert.NotEqual(origin.Id, rerun.Id);
        Assert.Equal((await ImagesAsync(origin)).Select(image => image.Settings), (await ImagesAsync(rerun)).Select(image => image.Settings));
    }

    [Fact]
    public async Task Batches_are_listed_newest_first_in_pages()
    {
        for (var i = 0; i < 23; i++)
        {
            host.Time.Advance(TimeSpan.FromSeconds(1));
            await host.SubmitAsync(new BatchRequest { Prompt = $"prompt {i}" });
        }

        var first = await host.GetAsync<Page<BatchResponse>>("/v1/batches");
        var second = await host.GetAsync<Page<BatchResponse>>(first.Next!);
        Assert.Null(second.Next);
        Assert.Equal(
            Enumerable.Range(0, 23).Reverse().Select(i => $"prompt {i}"),
            first.Items.Concat(second.Items).Select(batch => batch.Settings.Prompt));
    }

    [Fact]
    public async Task Images_are_listed_in_pages()
    {
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a", NIter = 5 });
        var first = await host.GetAsync<Page<ImageResponse>>(batch.ImagesUrl + "?limit=3");
        var second = await host.GetAsync<Page<ImageResponse>>(first.Next!);
        Assert.Equal([0, 1, 2, 3, 4], first.Items.Concat(second.Items).Select(image => image.Index));
        Assert.Null(second.Next);
        Assert.Equal(first.Items[1], await host.GetAsync<ImageResponse>($"/v1/images/{first.Items[1].Id}") with { Waiting = null });
    }

    [Theory]
    [InlineData("GET", "/v1/batches/00000000-0000-0000-0000-000000000001")]
    [InlineData("GET", "/v1/batches/00000000-0000-0000-0000-000000000001/images")]
    [InlineData("POST", "/v1/batches/00000000-0000-0000-0000-000000000001/rerun")]
    [InlineData("GET", "/v1/images/00000000-0000-0000-0000-000000000001")]
    [InlineData("GET", "/v1/images/00000000-0000-0000-0000-000000000001/content")]
    [InlineData("GET", "/v1/batches/no-id")]
    [InlineData("GET", "/nowhere")]
    public async Task What_is_not_there_is_a_404_problem(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await host.Client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains($"There is nothing at {path}.", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/batches?after=x", "after")]
    [InlineData("/v1/adapters?kind=x", "kind")]
    [InlineData("/v1/batches/00000000-0000-0000-0000-000000000001/images?limit=0", "limit")]
    [InlineData("/v1/batches/00000000-0000-0000-0000-000000000001/images?limit=many", "limit")]
    public async Task A_bad_query_is_named(string path, string field)
    {
        using var answer = await host.Client.GetAsync(new Uri(path, UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var text = await answer.Content.ReadAsStringAsync(Token);
        Assert.Contains($"\"errors\":{{\"{field}\":", text, StringComparison.Ordinal);
        Assert.DoesNotContain("stored", text, StringComparison.Ordinal);
    }

    private async Task<IReadOnlyList<ImageResponse>> ImagesAsync(BatchResponse batch) =>
        (await host.GetAsync<Page<ImageResponse>>(batch.ImagesUrl)).Items;
}
