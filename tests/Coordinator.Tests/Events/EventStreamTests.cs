using System.Net;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Events;

public sealed class EventStreamTests(Databases databases)
{
    [Fact]
    public async Task A_batchs_stream_tells_what_was_and_what_comes_and_nothing_of_others()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var (batch, other) = (await host.AddBatchAsync(), await host.AddBatchAsync());
        var image = Guid.CreateVersion7();
        await host.TellAsync(batch, EventTypes.BatchCreated, """{"image_count": 3}""");
        await host.TellAsync(other);
        using var reader = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events");
        Assert.Equal("text/event-stream", reader.Answer.Content.Headers.ContentType!.MediaType);
        var created = (await reader.NextAsync())!.Value;
        await host.TellAsync(other);
        await host.TellAsync(batch, EventTypes.ImagesSucceeded, $$"""{"images": [{"id": "{{image}}", "index": 2, "worker_id": "w"}]}""");
        var succeeded = (await reader.NextAsync())!.Value;

        Assert.Equal((EventTypes.BatchCreated, 3, batch), (created.EventType, EventReader.Data(created).ImageCount, EventReader.Data(created).BatchId));
        Assert.Equal(EventTypes.ImagesSucceeded, succeeded.EventType);
        var told = Assert.Single(EventReader.Data(succeeded).Images!);
        Assert.Equal((image, 2, "w", $"/v1/images/{image}/content"), (told.Id, told.Index, told.WorkerId, told.ContentUrl));
        Assert.Equal(["at", "batch_id", "images"], JsonDocument.Parse(succeeded.Data).RootElement.EnumerateObject().Select(field => field.Name).Order());
    }

    [Fact]
    public async Task What_commits_late_is_told_first_and_nothing_is_left_out()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var batch = await host.AddBatchAsync();
        using var before = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events");
        await using var late = await host.Database.OpenConnectionAsync(Token);
        await using var transaction = await late.BeginTransactionAsync(Token);
        await EventsHost.TellAsync(late, batch, EventTypes.ImagesStarted);
        await host.TellAsync(batch, EventTypes.ImagesSucceeded);
        // one that comes while the older transaction still runs
        using var meanwhile = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events");
        var next = before.NextAsync();
        await host.TellAsync(batch, EventTypes.BatchFinished);
        Assert.False(next.IsCompleted);
        await transaction.CommitAsync(Token);

        string[] all = [EventTypes.ImagesStarted, EventTypes.ImagesSucceeded, EventTypes.BatchFinished];
        var first = (await next)!.Value;
        Assert.Equal(all, (await before.TakeAsync(2)).Select(item => item.EventType).Prepend(first.EventType));
        Assert.Equal(all, (await meanwhile.TakeAsync(3)).Select(item => item.EventType));
        using var resumed = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events", first.EventId);
        Assert.Equal(all[1..], (await resumed.TakeAsync(2)).Select(item => item.EventType));
    }

    [Fact]
    public async Task Who_holds_events_back_is_told_and_for_how_long()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var held = (HeldEvents)host.Services.GetService(typeof(HeldEvents))!;
        await using var open = await host.Database.OpenConnectionAsync(Token);
        await using var transaction = await open.BeginTransactionAsync(Token);
        await EventsHost.TellAsync(open, Guid.CreateVersion7());
        await host.TellAsync(Guid.CreateVersion7());
        await host.ExecuteAsync("UPDATE events SET at = now() - interval '5 minutes'");

        var (seconds, holder) = await held.ReadAsync(Token);
        Assert.InRange(seconds, 300, 400);
        Assert.NotNull(holder); // perhaps another test's: transactions are the server's
        await transaction.CommitAsync(Token);
        await EventuallyAsync(async () => await held.ReadAsync(Token) is { Seconds: < 300 });
    }

    [Fact]
    public async Task A_stream_goes_on_after_any_event_across_pages_of_the_history()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var batch = await host.AddBatchAsync();
        const int count = (2 * EventLog.Page) + 7;
        await using (var connection = await host.Database.OpenConnectionAsync(Token))
        {
            await EventsHost.TellAsync(connection, batch, times: count);
        }

        using var all = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events");
        var ids = (await all.TakeAsync(count)).ConvertAll(item => item.EventId!);
        Assert.Equal(count, ids.Distinct().Count());
        await host.TellAsync(batch, EventTypes.BatchFinished);
        foreach (var from in new[] { 0, EventLog.Page - 1, count - 1 })
        {
            using var resumed = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events", ids[from]);
            var rest = await resumed.TakeAsync(count - from);
            Assert.Equal(ids[(from + 1)..], rest[..^1].Select(item => item.EventId!));
            Assert.Equal(EventTypes.BatchFinished, rest[^1].EventType);
        }
    }

    [Fact]
    public async Task The_stream_of_all_begins_now_and_can_be_resumed_before_its_first_event()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var batch = await host.AddBatchAsync();
        await host.TellAsync(batch, EventTypes.BatchCreated);
        using (var told = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events"))
        {
            await told.NextAsync(); // it is past: no older transaction of the server runs, not even another test's
        }

        string start;
        using (var reader = await EventReader.OpenAsync(host.Client, "/v1/events"))
        {
            using var lines = new StreamReader(reader.Stream, Encoding.UTF8);
            Assert.Equal(("retry: 2000", ""), (await lines.ReadLineAsync(Token), await lines.ReadLineAsync(Token)));
            start = (await lines.ReadLineAsync(Token))!;
        }

        await host.TellAsync(batch, EventTypes.BatchFinished);
        using var resumed = await EventReader.OpenAsync(host.Client, "/v1/events", start["id: ".Length..]);
        Assert.Equal(EventTypes.BatchFinished, (await resumed.NextAsync())!.Value.EventType);
    }

    [Fact]
    public async Task A_listener_that_is_too_slow_is_cut_off_and_resumes_without_a_gap()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync(), new() { ["Events:Buffer"] = "4" });
        var batch = await host.AddBatchAsync();
        using var reader = await EventReader.OpenAsync(host.Client, "/v1/events");
        await using (var connection = await host.Database.OpenConnectionAsync(Token))
        {
            await EventsHost.TellAsync(connection, batch, times: 50); // in one go: more than waits for anybody
        }

        var got = await reader.RestAsync();
        Assert.InRange(got.Count, 1, 49);
        using var resumed = await EventReader.OpenAsync(host.Client, "/v1/events", got[^1].EventId);
        var rest = await resumed.TakeAsync(50 - got.Count);
        Assert.Equal(50, got.Concat(rest).Select(item => item.EventId).Distinct().Count());
        Assert.Equal(got.Concat(rest).Select(item => item.EventId), got.Concat(rest).OrderBy(item => EventPosition(item)).Select(item => item.EventId));

        static (ulong, long) EventPosition(SseItem<string> item) => item.EventId!.Split('-') is [var transaction, var id] ? (ulong.Parse(transaction), long.Parse(id)) : default;
    }

    [Fact]
    public async Task Types_choose_and_until_finished_ends_with_the_last_end()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var (batch, retried) = (await host.AddBatchAsync(finishedAt: DateTimeOffset.UtcNow), await host.AddBatchAsync());
        foreach (var type in new[] { EventTypes.BatchCreated, EventTypes.ImagesFailed, EventTypes.BatchFinished })
        {
            await host.TellAsync(batch, type);
            await host.TellAsync(retried, type);
        }

        using var finished = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events?until=finished&types=images.failed");
        Assert.Equal([EventTypes.ImagesFailed, EventTypes.BatchFinished], (await finished.RestAsync()).Select(item => item.EventType));

        using var open = await EventReader.OpenAsync(host.Client, $"/v1/batches/{retried}/events?until=finished");
        Assert.Equal(3, (await open.TakeAsync(3)).Count);
        await host.TellAsync(retried, EventTypes.ImagesQueued);
        await host.ExecuteAsync($"BEGIN; UPDATE batches SET finished_at = now(); INSERT INTO events (batch_id, owner_id, type, data) VALUES ('{retried}', 1, 'batch.finished', '{{}}'); COMMIT");
        Assert.Equal([EventTypes.ImagesQueued, EventTypes.BatchFinished], (await open.RestAsync()).Select(item => item.EventType));
    }

    [Fact]
    public async Task A_silent_stream_says_now_and_then_that_it_lives_and_ends_with_the_coordinator()
    {
        var host = await EventsHost.StartAsync(await databases.NewAsync(), new() { ["Events:Heartbeat"] = "00:00:00.020" });
        using var reader = await EventReader.OpenAsync(host.Client, $"/v1/batches/{await host.AddBatchAsync()}/events");
        using var lines = new StreamReader(reader.Stream, Encoding.UTF8);
        while (await lines.ReadLineAsync(Token) != ":")
        {
        }

        var stopping = host.DisposeAsync().AsTask();
        while (await lines.ReadLineAsync(Token) is not null)
        {
        }

        await stopping;
    }

    [Fact]
    public async Task Where_a_stream_cannot_go_on_it_says_so()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var batch = await host.AddBatchAsync();
        await host.TellAsync(batch, EventTypes.BatchCreated);
        await host.TellAsync(batch, EventTypes.ImagesStarted);
        await host.TellAsync(batch, EventTypes.BatchFinished);
        using var reader = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events");
        var ids = (await reader.TakeAsync(3)).ConvertAll(item => item.EventId!);
        await host.ExecuteAsync("UPDATE events SET at = now() - interval '4 days' WHERE type <> 'batch.finished'");
        Assert.Equal(2, await ((EventRemoval)host.Services.GetService(typeof(EventRemoval))!).RunAsync(Token));

        Assert.Equal(HttpStatusCode.Gone, await StatusAsync(ids[0]));
        Assert.Equal(HttpStatusCode.BadRequest, await StatusAsync("yesterday"));
        using var resumed = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events", ids[1]); // gone, but nothing after it is
        Assert.Equal(ids[2], (await resumed.NextAsync())!.Value.EventId);

        async Task<HttpStatusCode> StatusAsync(string id)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/batches/{batch}/events") { Headers = { { "Last-Event-ID", id } } };
            using var answer = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
            return answer.StatusCode;
        }
    }

    [Theory]
    [InlineData("/v1/batches/{0}/events", new[] { EventTypes.StreamRestarted, EventTypes.BatchCreated, EventTypes.BatchFinished })]
    [InlineData("/v1/batches/{0}/events?types=batch.finished", new[] { EventTypes.StreamRestarted, EventTypes.BatchFinished })]
    [InlineData("/v1/events", new[] { EventTypes.StreamRestarted, EventTypes.BatchFinished })]
    public async Task A_listener_from_before_a_restore_is_told_so_and_hears_what_there_is(string path, string[] expected)
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var batch = await host.AddBatchAsync();
        await host.TellAsync(batch, EventTypes.BatchCreated);
        using (var told = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events"))
        {
            await told.NextAsync(); // it is past for all
        }

        using var reader = await EventReader.OpenAsync(host.Client, path.Replace("{0}", $"{batch}", StringComparison.Ordinal), "99999999999-1");
        await host.TellAsync(batch, EventTypes.BatchFinished);
        var heard = await reader.TakeAsync(expected.Length);
        Assert.Equal(expected, heard.Select(item => item.EventType));
        Assert.Contains("99999999999-1", JsonDocument.Parse(heard[0].Data).RootElement.GetProperty("reason").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_batchs_stream_says_so_and_ends_and_others_hear_of_it()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var batch = await host.AddBatchAsync(finishedAt: DateTimeOffset.UtcNow, tags: "night");
        using var own = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch}/events?types=images.failed");
        using var all = await EventReader.OpenAsync(host.Client, "/v1/events?types=batch.deleted");
        using var answer = await host.Client.DeleteAsync(new Uri($"/v1/batches/{batch}", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        var deleted = Assert.Single(await own.RestAsync());
        Assert.Equal((EventTypes.BatchDeleted, batch, "night"), (deleted.EventType, EventReader.Data(deleted).BatchId, Assert.Single(EventReader.Data(deleted).Tags!)));
        Assert.Equal(EventTypes.BatchDeleted, (await all.NextAsync())!.Value.EventType);
    }

    [Fact]
    public async Task An_owner_has_so_many_streams_and_no_more_until_one_is_closed()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync(), new() { ["Events:MaxStreamsPerOwner"] = "2", ["Events:Heartbeat"] = "00:00:00.020" });
        var batch = await host.SubmitAsync(new() { Prompt = "a red circle" });
        using var one = await EventReader.OpenAsync(host.Client, "/v1/events");
        var two = await EventReader.OpenAsync(host.Client, $"/v1/batches/{batch.Id}/events");

        using var third = await host.Client.GetAsync(new Uri("/v1/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Token);
        Assert.Equal((HttpStatusCode.TooManyRequests, "30"), (third.StatusCode, third.Headers.RetryAfter!.ToString()));
        using var wait = new HttpRequestMessage(HttpMethod.Get, batch.Url) { Headers = { { "Prefer", "wait=60" } } };
        using var waited = await host.Client.SendAsync(wait, Token);
        Assert.Equal((HttpStatusCode.OK, false), (waited.StatusCode, waited.Headers.Contains("Preference-Applied"))); // at once

        two.Dispose();
        await EventuallyAsync(async () =>
        {
            using var again = await host.Client.GetAsync(new Uri("/v1/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Token);
            return again.StatusCode == HttpStatusCode.OK;
        });
    }
}
