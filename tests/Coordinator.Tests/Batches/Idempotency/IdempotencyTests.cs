using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Batches.Idempotency;

/// <summary>The same request sent again makes no second batch.</summary>
public sealed class IdempotencyTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync()
    {
        host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.ReportWorkerAsync();
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task The_same_request_with_the_same_key_is_answered_with_the_same_batch()
    {
        var (first, isReplayed) = await AcceptedAsync("k", new BatchRequest { Prompt = "a" }); // a random seed, which is drawn once
        Assert.False(isReplayed);
        var (second, wasReplayed) = await AcceptedAsync("k", new BatchRequest { Prompt = "a" });
        Assert.True(wasReplayed);
        Assert.Equal((first.Id, first.Settings.Seed), (second.Id, second.Settings.Seed));
        Assert.NotEqual(first.Id, (await AcceptedAsync("other", new BatchRequest { Prompt = "a" })).Batch.Id);
        Assert.Equal(2, await host.Db.Batches.CountAsync(Token));
    }

    [Fact]
    public async Task Another_body_or_path_with_the_same_key_is_a_conflict_and_another_spelling_is_not()
    {
        var (batch, _) = await AcceptedAsync("k", new BatchRequest { Prompt = "a", Seed = 1 });
        using var other = await SendAsync("k", "/v1/batches", JsonContent.Create(new BatchRequest { Prompt = "b", Seed = 1 }, options: FarmJson.Options));
        using var rerun = await SendAsync("k", $"{batch.Url}/rerun", null);
        using var spelling = await SendAsync("k", "/v1/batches", new StringContent("""{ "seed":1 ,"prompt" : "\u0061"}""", null, "application/json"));
        Assert.Equal(
            [HttpStatusCode.Conflict, HttpStatusCode.Conflict, HttpStatusCode.Created],
            [other.StatusCode, rerun.StatusCode, spelling.StatusCode]);
        Assert.Equal("application/problem+json", other.Content.Headers.ContentType!.MediaType);
        Assert.Equal(1, await host.Db.Batches.CountAsync(Token));
    }

    [Fact]
    public async Task Of_many_at_once_one_makes_the_batch_and_all_are_answered_with_it()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AcceptedAsync("k", new BatchRequest { Prompt = "a", NIter = 50 })));
        Assert.Single(answers.Select(answer => answer.Batch.Id).Distinct());
        Assert.Single(answers, answer => !answer.IsReplayed);
        Assert.Equal((1, 50), (await host.Db.Batches.CountAsync(Token), await host.Db.Images.CountAsync(Token)));
    }

    [Fact]
    public async Task A_refused_request_does_not_use_its_key_up()
    {
        using var refused = await SendAsync("k", "/v1/batches", JsonContent.Create(new BatchRequest { Prompt = "a", Steps = 0 }, options: FarmJson.Options));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.False((await AcceptedAsync("k", new BatchRequest { Prompt = "a" })).IsReplayed);
    }

    [Fact]
    public async Task A_key_is_forgotten_after_a_day_and_goes_with_the_next()
    {
        var (first, _) = await AcceptedAsync("k", new BatchRequest { Prompt = "a" });
        host.Time.Advance(TimeSpan.FromHours(23));
        Assert.True((await AcceptedAsync("k", new BatchRequest { Prompt = "a" })).IsReplayed);
        host.Time.Advance(TimeSpan.FromHours(2));
        Assert.NotEqual(first.Id, (await AcceptedAsync("k", new BatchRequest { Prompt = "b" })).Batch.Id);
        host.Time.Advance(TimeSpan.FromHours(25));
        await AcceptedAsync("next", new BatchRequest { Prompt = "c" });
        Assert.Equal(["next"], await host.Db.IdempotencyKeys.Select(key => key.Key).ToListAsync(Token));
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("ä")]
    public async Task A_key_that_is_none_is_refused_by_its_headers_name(string key)
    {
        using var answer = await SendAsync(key, "/v1/batches", JsonContent.Create(new BatchRequest { Prompt = "a" }, options: FarmJson.Options));
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
        Assert.True(problem.RootElement.GetProperty("errors").TryGetProperty("Idempotency-Key", out _));
    }

    [Fact]
    public async Task A_rerun_has_a_key_of_its_own_too()
    {
        var origin = await host.SubmitAsync(2);
        using var first = await SendAsync("again", $"{origin.Url}/rerun", null);
        using var second = await SendAsync("again", $"{origin.Url}/rerun", null);
        Assert.Equal(first.Headers.Location, second.Headers.Location);
        Assert.Equal(2, await host.Db.Batches.CountAsync(Token));
    }

    private async Task<(BatchResponse Batch, bool IsReplayed)> AcceptedAsync(string key, BatchRequest request)
    {
        using var answer = await SendAsync(key, "/v1/batches", JsonContent.Create(request, options: FarmJson.Options));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return ((await answer.Content.ReadFromJsonAsync<BatchResponse>(FarmJson.Options, Token))!, answer.Headers.Contains("Idempotent-Replayed"));
    }

    private async Task<HttpResponseMessage> SendAsync(string key, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return await host.Client.SendAsync(request, Token);
    }
}
