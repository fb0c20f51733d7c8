using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Http;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Events;

public sealed class PreferWaitTests(Databases databases)
{
    [Fact]
    public async Task An_answer_waits_for_the_batchs_end_and_comes_with_it()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a red circle" });
        var getting = SendAsync(host, HttpMethod.Get, batch.Url, "wait=60");
        var rerunning = SendAsync(host, HttpMethod.Post, $"{batch.Url}/rerun", "respond-async, WAIT = 60");
        BatchResponse rerun = null!;
        await EventuallyAsync(async () => (await host.Client.GetFromJsonAsync<Page<BatchResponse>>("/v1/batches", FarmJson.Options, Token))!.Items is [var newest, _] && (rerun = newest) is not null);
        Assert.False(getting.IsCompleted || rerunning.IsCompleted);
        foreach (var url in new[] { batch.Url, rerun.Url })
        {
            using var cancelled = await host.Client.PostAsync($"{url}/cancel", null, Token);
        }

        var (status, applied, got) = await getting;
        Assert.Equal((HttpStatusCode.OK, "wait=60", batch.Id), (status, applied, got.Id));
        Assert.NotNull(got.FinishedAt);
        (status, applied, got) = await rerunning;
        Assert.Equal((HttpStatusCode.Created, "wait=60", rerun.Id), (status, applied, got.Id));
        Assert.NotNull(got.FinishedAt);
    }

    [Fact]
    public async Task An_answer_comes_when_the_time_is_up_or_nothing_is_left_to_wait_for()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        await host.SubmitAsync(new BatchRequest { Prompt = "a red circle" });
        var (status, applied, batch) = await SendAsync(host, HttpMethod.Post, "/v1/batches", "wait=1", new BatchRequest { Prompt = "a red circle" });
        Assert.Equal((HttpStatusCode.Created, "wait=1", null), (status, applied, batch.FinishedAt));
        Assert.True(DateTimeOffset.UtcNow - batch.CreatedAt >= TimeSpan.FromSeconds(0.9)); // clocks differ a little from timers
        Assert.Null((await SendAsync(host, HttpMethod.Get, batch.Url, "return=minimal")).Applied);

        using var cancelled = await host.Client.PostAsync($"{batch.Url}/cancel", null, Token);
        Assert.NotNull((await SendAsync(host, HttpMethod.Get, batch.Url, "wait=60")).Batch.FinishedAt);
    }

    [Theory]
    [InlineData("wait=10", 10)]
    [InlineData("respond-async, wait=\"7\"; foo=1", 7)]
    [InlineData("Wait = 3", 3)]
    [InlineData("wait=100000000000000000", 60)]
    [InlineData("wait=-1", null)]
    [InlineData("wait", null)]
    [InlineData("handling=strict", null)]
    public void A_preference_that_makes_no_sense_is_none(string header, int? seconds)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers["Prefer"] = header;
        Assert.Equal(seconds, PreferWait.Seconds(context.Request));
    }

    private static async Task<(HttpStatusCode Status, string? Applied, BatchResponse Batch)> SendAsync(
        EventsHost host, HttpMethod method, string path, string prefer, BatchRequest? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Headers = { { "Prefer", prefer } } };
        request.Content = body is null ? null : JsonContent.Create(body, options: FarmJson.Options);
        using var answer = await host.Client.SendAsync(request, Token).WaitAsync(TimeSpan.FromSeconds(50), Token); // less than who waits in vain would take
        return (answer.StatusCode, answer.Headers.TryGetValues("Preference-Applied", out var applied) ? applied.Single() : null,
            (await answer.Content.ReadFromJsonAsync<BatchResponse>(FarmJson.Options, Token))!);
    }
}
