using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Webhooks;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Tests.Events;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Webhooks;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Webhooks;

public sealed class WebhookTests(Databases databases)
{
    [Fact]
    public async Task What_happens_is_posted_once_and_signed()
    {
        await using var host = await StartAsync();
        await using var receiver = await Receiver.StartAsync();
        var batch = await host.AddBatchAsync();
        await host.TellAsync(batch, EventTypes.BatchCreated); // before anybody asked
        var webhook = await AddAsync(host, new WebhookRequest { Url = receiver.Url });
        await host.TellAsync(batch, EventTypes.ImagesFailed, """{"images": [{"id": "0198d3c4-0000-7000-8000-000000000001", "index": 0, "error": "größer als 💥"}]}""");
        await host.TellAsync(batch, EventTypes.BatchFinished);

        Receiver.Message[] came = [await receiver.NextAsync(), await receiver.NextAsync()];
        Assert.All(came, message => Assert.True(message.IsSignedWith(webhook.Secret!)));
        Assert.All(came, message => Assert.False((message with { Body = message.Body + " " }).IsSignedWith(webhook.Secret!)));
        Assert.All(came, message => Assert.InRange(DateTimeOffset.UtcNow.ToUnixTimeSeconds() - long.Parse(message.Timestamp), -1, 60));
        Assert.Equal(("/hook", "application/json"), (came[0].Path, came[0].ContentType));
        var failed = came.Select(message => JsonSerializer.Deserialize<WebhookMessage>(message.Body, FarmJson.Options)!).Single(message => message.Type == EventTypes.ImagesFailed);
        Assert.Equal((batch, "größer als 💥"), (failed.Data!.BatchId, failed.Data.Images![0].Error));

        await EventuallyAsync(async () => (await DeliveriesAsync(host, webhook)).All(delivery => delivery.State == WebhookDeliveryState.Delivered));
        var deliveries = await DeliveriesAsync(host, webhook);
        Assert.Equal(came.Select(message => message.Id).Order(), deliveries.Select(delivery => delivery.Id.ToString()).Order());
        Assert.All(deliveries, delivery => Assert.Equal((1, 200, null), (delivery.Attempts, delivery.LastStatus, delivery.LastError)));
        Assert.Null((await host.Client.GetFromJsonAsync<WebhookResponse>($"/v1/webhooks/{webhook.Id}", FarmJson.Options, Token))!.Secret);
    }

    [Fact]
    public async Task A_webhook_hears_of_what_it_asked_for_alone()
    {
        await using var host = await StartAsync();
        await using var receiver = await Receiver.StartAsync();
        await host.ExecuteAsync("INSERT INTO owners (id, name, weight, served) VALUES (2, 'other', 1, 0)");
        var (tagged, plain, other) = (await host.AddBatchAsync(tags: "night"), await host.AddBatchAsync(), await host.AddBatchAsync(owner: 2, tags: "night"));
        var byTag = await AddAsync(host, new WebhookRequest { Url = receiver.Url, Tag = "night", Types = [EventTypes.BatchFinished] });
        var byBatch = await AddAsync(host, new WebhookRequest { Url = receiver.Url, BatchId = plain });
        foreach (var type in new[] { EventTypes.BatchCreated, EventTypes.BatchFinished })
        {
            await host.TellAsync(other, type, owner: 2);
            await host.TellAsync(tagged, type);
            await host.TellAsync(plain, type);
        }

        var came = new[] { await receiver.NextAsync(), await receiver.NextAsync(), await receiver.NextAsync() }
            .Select(message => JsonSerializer.Deserialize<WebhookMessage>(message.Body, FarmJson.Options)!).Select(message => (message.Data!.BatchId, message.Type));
        Assert.Equal([(tagged, EventTypes.BatchFinished), (plain, EventTypes.BatchCreated), (plain, EventTypes.BatchFinished)], came.OrderBy(told => (told.BatchId, told.Type)));
        Assert.Single(await DeliveriesAsync(host, byTag));
        Assert.Equal(2, (await DeliveriesAsync(host, byBatch)).Count);
    }

    [Fact]
    public async Task Deliveries_are_listed_by_the_words_for_their_states_alone()
    {
        await using var host = await StartAsync();
        await using var receiver = await Receiver.StartAsync();
        var webhook = await AddAsync(host, new WebhookRequest { Url = receiver.Url });
        await host.TellAsync(await host.AddBatchAsync(), EventTypes.BatchFinished);
        await EventuallyAsync(async () => (await ListAsync("delivered")).Count == 1);
        Assert.Empty(await ListAsync("failed"));
        foreach (var word in new[] { "9", "1", "pending,failed", "" })
        {
            using var refused = await host.Client.GetAsync(new Uri($"{webhook.DeliveriesUrl}?state={word}", UriKind.Relative), Token);
            Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (refused.StatusCode, refused.Content.Headers.ContentType?.MediaType));
            Assert.Contains("give pending, delivered or failed", await refused.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        }

        async Task<IReadOnlyList<WebhookDeliveryResponse>> ListAsync(string state) =>
            (await host.Client.GetFromJsonAsync<Page<WebhookDeliveryResponse>>($"{webhook.DeliveriesUrl}?state={state}", FarmJson.Options, Token))!.Items;
    }

    [Fact]
    public async Task A_webhook_of_a_tag_hears_that_a_batch_with_it_was_deleted()
    {
        await using var host = await StartAsync();
        await using var receiver = await Receiver.StartAsync();
        await AddAsync(host, new WebhookRequest { Url = receiver.Url, Tag = "night", Types = [EventTypes.BatchDeleted] });
        var (plain, tagged) = (await host.AddBatchAsync(), await host.AddBatchAsync(tags: "night"));
        foreach (var batch in new[] { plain, tagged })
        {
            (await host.Client.DeleteAsync(new Uri($"/v1/batches/{batch}", UriKind.Relative), Token)).EnsureSuccessStatusCode();
        }

        Assert.Equal(tagged, JsonSerializer.Deserialize<WebhookMessage>((await receiver.NextAsync()).Body, FarmJson.Options)!.Data!.BatchId);
    }

    [Fact]
    public async Task A_new_secret_signs_beside_the_former_until_that_has_ended()
    {
        await using var host = await StartAsync();
        await using var receiver = await Receiver.StartAsync();
        var webhook = await AddAsync(host, new WebhookRequest { Url = receiver.Url });
        using var answer = await host.Client.PostAsync(new Uri($"/v1/webhooks/{webhook.Id}/secret", UriKind.Relative), null, Token);
        var changed = (await answer.Content.ReadFromJsonAsync<WebhookResponse>(FarmJson.Options, Token))!;
        Assert.NotEqual(webhook.Secret, changed.Secret);
        Assert.InRange(changed.FormerSecretUntil!.Value - DateTimeOffset.UtcNow, TimeSpan.FromHours(23), TimeSpan.FromHours(24));

        var batch = await host.AddBatchAsync();
        await host.TellAsync(batch);
        var both = await receiver.NextAsync();
        Assert.True(both.IsSignedWith(changed.Secret!) && both.IsSignedWith(webhook.Secret!));
        await host.ExecuteAsync("UPDATE webhooks SET former_secret_until = now()");
        await host.TellAsync(batch);
        var one = await receiver.NextAsync();
        Assert.True(one.IsSignedWith(changed.Secret!) && !one.IsSignedWith(webhook.Secret!));
    }

    [Theory]
    [InlineData("http://example.com/\0")]
    [InlineData("http://example.com/\r\nX-Forged: yes")]
    public async Task An_address_is_one_line(string url)
    {
        await using var host = await StartAsync();
        using var answer = await host.Client.PostAsJsonAsync("/v1/webhooks", new WebhookRequest { Url = url }, FarmJson.Options, Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task What_fails_is_tried_again_with_the_same_id_and_can_be_redelivered()
    {
        await using var host = await StartAsync();
        await using var receiver = await Receiver.StartAsync(HttpStatusCode.InternalServerError, HttpStatusCode.Found);
        var webhook = await AddAsync(host, new WebhookRequest { Url = receiver.Url });
        using var tested = await host.Client.PostAsync($"/v1/webhooks/{webhook.Id}/test", null, Token);
        Assert.Equal(HttpStatusCode.Created, tested.StatusCode);
        Receiver.Message[] tries = [await receiver.NextAsync(), await receiver.NextAsync(), await receiver.NextAsync()];
        Assert.Single(tries.Select(message => (message.Id, message.Body)).Distinct());
        Assert.All(tries, message => Assert.True(message.IsSignedWith(webhook.Secret!)));
        await EventuallyAsync(async () => (await DeliveriesAsync(host, webhook)).Single() is { State: WebhookDeliveryState.Delivered, Attempts: 3 });

        using var again = await host.Client.PostAsync($"/v1/webhooks/{webhook.Id}/deliveries/{tries[0].Id}/redeliver", null, Token);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Equal(tries[0].Id, (await receiver.NextAsync()).Id);
    }

    [Fact]
    public async Task An_address_that_hangs_holds_up_no_other_and_is_told_of_in_the_log_of_deliveries()
    {
        await using var host = await StartAsync(new() { ["Webhooks:Timeout"] = "00:00:01", ["Webhooks:RetryDelay"] = "00:01:00" });
        var over = new TaskCompletionSource();
        await using var hanging = await Receiver.StartAsync((_, _) => over.Task);
        await using var quick = await Receiver.StartAsync();
        var slow = await AddAsync(host, new WebhookRequest { Url = hanging.Url });
        await AddAsync(host, new WebhookRequest { Url = quick.Url });
        var batch = await host.AddBatchAsync();
        await host.TellAsync(batch);
        await quick.NextAsync();
        await hanging.NextAsync();
        await host.TellAsync(batch);
        await quick.NextAsync();
        await EventuallyAsync(async () => (await DeliveriesAsync(host, slow)).Any(delivery => delivery.LastError is not null));
        var delivery = (await DeliveriesAsync(host, slow)).First(delivery => delivery.LastError is not null);
        Assert.Equal((WebhookDeliveryState.Pending, null), (delivery.State, delivery.LastStatus));
        Assert.Equal("It did not answer within 1 s.", delivery.LastError);
        await EventuallyAsync(async () => (await host.Client.GetFromJsonAsync<WebhookResponse>($"/v1/webhooks/{slow.Id}", FarmJson.Options, Token))!.FailingSince is not null);
        over.SetResult(); // not before: a delivery that gets through ends the failing
    }

    [Fact]
    public async Task A_webhook_whose_tries_fail_for_days_or_whose_address_is_gone_is_disabled()
    {
        await using var host = await StartAsync();
        await using var receiver = await Receiver.StartAsync(HttpStatusCode.BadGateway, HttpStatusCode.Gone);
        var webhook = await AddAsync(host, new WebhookRequest { Url = receiver.Url });
        await host.ExecuteAsync("UPDATE webhooks SET failing_since = now() - interval '6 days'");
        await host.TellAsync(await host.AddBatchAsync());
        await EventuallyAsync(async () => !(await GetAsync()).Enabled);
        Assert.Equal("Nothing could be delivered for 5 days; lately: It answered 502 Bad Gateway.", (await GetAsync()).DisabledReason);
        Assert.Equal(WebhookDeliveryState.Failed, (await DeliveriesAsync(host, webhook)).Single().State);
        using var refused = await host.Client.PostAsync($"/v1/webhooks/{webhook.Id}/test", null, Token);
        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);

        using var enabled = await host.Client.PatchAsJsonAsync($"/v1/webhooks/{webhook.Id}", new WebhookChange { Enabled = true }, FarmJson.Options, Token);
        Assert.Equal((true, null), ((await GetAsync()).Enabled, (await GetAsync()).DisabledReason));
        await host.TellAsync(await host.AddBatchAsync());
        await EventuallyAsync(async () => (await GetAsync()).DisabledReason == "The address answered 410 Gone.");

        async Task<WebhookResponse> GetAsync() => (await host.Client.GetFromJsonAsync<WebhookResponse>($"/v1/webhooks/{webhook.Id}", FarmJson.Options, Token))!;
    }

    [Fact]
    public async Task Names_and_spellings_of_private_addresses_are_refused_when_they_are_connected_to()
    {
        await using var host = await StartAsync(new() { ["Webhooks:AllowPrivate"] = "false", ["Webhooks:RetryDelay"] = "00:01:00" });
        await using var receiver = await Receiver.StartAsync();
        foreach (var address in new[] { "localhost", "127.0.0.1", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254" })
        {
            using var answer = await host.Client.PostAsJsonAsync("/v1/webhooks", new WebhookRequest { Url = $"http://{address}:{receiver.Port}/" }, FarmJson.Options, Token);
            Assert.Equal((address, HttpStatusCode.BadRequest), (address, answer.StatusCode));
        }

        // ones that came in otherwise, as a name does that changes its mind
        string[] hidden = ["localhost", "2130706433", "[::ffff:7f00:1]"];
        var webhook = await AddAsync(host, new WebhookRequest { Url = "https://example.com/" });
        foreach (var name in hidden)
        {
            await host.ExecuteAsync($"UPDATE webhooks SET url = 'http://{name}:{receiver.Port}/'");
            using var tested = await host.Client.PostAsync($"/v1/webhooks/{webhook.Id}/test", null, Token);
            var delivery = await tested.Content.ReadFromJsonAsync<WebhookDeliveryResponse>(FarmJson.Options, Token);
            await EventuallyAsync(async () => (await DeliveriesAsync(host, webhook)).Single(row => row.Id == delivery!.Id).LastError is not null);
            Assert.Contains("which webhooks may not reach", (await DeliveriesAsync(host, webhook)).Single(row => row.Id == delivery!.Id).LastError);
        }

        Assert.False(receiver.TryNext());
    }

    [Fact]
    public async Task Plain_http_that_was_allowed_once_is_sent_to_no_more()
    {
        await using var host = await StartAsync(new() { ["Webhooks:AllowHttp"] = "false", ["Webhooks:RetryDelay"] = "00:01:00" });
        await using var receiver = await Receiver.StartAsync();
        var webhook = await AddAsync(host, new WebhookRequest { Url = "https://example.com/" });
        await host.ExecuteAsync($"UPDATE webhooks SET url = '{receiver.Url}'");
        using var tested = await host.Client.PostAsync($"/v1/webhooks/{webhook.Id}/test", null, Token);
        await EventuallyAsync(async () => (await DeliveriesAsync(host, webhook)).Single().LastError is { } error && error.Contains("Webhooks:AllowHttp", StringComparison.Ordinal));
        Assert.False(receiver.TryNext());
    }

    [Fact]
    public async Task Several_coordinators_make_one_delivery_of_an_event()
    {
        var database = await databases.NewAsync();
        await using var host = await StartAsync(database: database);
        await using var other = await StartAsync(database: database);
        await using var receiver = await Receiver.StartAsync();
        var webhook = await AddAsync(host, new WebhookRequest { Url = receiver.Url });
        var batch = await host.AddBatchAsync();
        for (var i = 0; i < 20; i++)
        {
            await host.TellAsync(batch);
        }

        var ids = new List<string>();
        for (var i = 0; i < 20; i++)
        {
            ids.Add((await receiver.NextAsync()).Id);
        }

        await EventuallyAsync(async () => (await DeliveriesAsync(host, webhook)).All(delivery => delivery is { State: WebhookDeliveryState.Delivered, Attempts: 1 }));
        Assert.Equal(20, ids.Distinct().Count());
        Assert.Equal(20, (await DeliveriesAsync(host, webhook)).Select(delivery => delivery.EventId).Distinct().Count());
        Assert.False(receiver.TryNext());
    }

    [Fact]
    public async Task What_a_webhook_cannot_be_is_refused_by_name()
    {
        await using var host = await StartAsync(new() { ["Webhooks:AllowHttp"] = "false", ["Webhooks:MaxPerOwner"] = "1" });
        foreach (var (request, field) in new[]
        {
            (new WebhookRequest(), "url"),
            (new WebhookRequest { Url = "http://example.com" }, "url"),
            (new WebhookRequest { Url = "https://user:password@example.com" }, "url"),
            (new WebhookRequest { Url = "https://example.com", Types = ["images.progressed"] }, "types[0]"),
            (new WebhookRequest { Url = "https://example.com", BatchId = Guid.NewGuid() }, "batch_id"),
            (new WebhookRequest { Url = "https://example.com", Tag = " " }, "tag"),
        })
        {
            using var answer = await host.Client.PostAsJsonAsync("/v1/webhooks", request, FarmJson.Options, Token);
            var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Token);
            Assert.Equal(field, Assert.Single(problem.GetProperty("errors").EnumerateObject()).Name);
        }

        await AddAsync(host, new WebhookRequest { Url = "https://example.com" });
        using var second = await host.Client.PostAsJsonAsync("/v1/webhooks", new WebhookRequest { Url = "https://example.com" }, FarmJson.Options, Token);
        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
    }

    private async Task<EventsHost> StartAsync(Dictionary<string, string?>? settings = null, string? database = null)
    {
        var all = new Dictionary<string, string?>
        {
            ["Webhooks:AllowPrivate"] = "true", ["Webhooks:AllowHttp"] = "true", ["Webhooks:RetryDelay"] = "00:00:00.001", ["Webhooks:PollEvery"] = "00:00:00.020",
        };
        foreach (var (key, value) in settings ?? [])
        {
            all[key] = value;
        }

        return await EventsHost.StartAsync(database ?? await databases.NewAsync(), all);
    }

    private static async Task<WebhookResponse> AddAsync(EventsHost host, WebhookRequest request)
    {
        using var answer = await host.Client.PostAsJsonAsync("/v1/webhooks", request, FarmJson.Options, Token);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Token));
        return (await answer.Content.ReadFromJsonAsync<WebhookResponse>(FarmJson.Options, Token))!;
    }

    private static async Task<IReadOnlyList<WebhookDeliveryResponse>> DeliveriesAsync(EventsHost host, WebhookResponse webhook) =>
        (await host.Client.GetFromJsonAsync<Page<WebhookDeliveryResponse>>(webhook.DeliveriesUrl, FarmJson.Options, Token))!.Items;
}
