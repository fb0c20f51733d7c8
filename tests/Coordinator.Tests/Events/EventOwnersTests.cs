using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Contracts.Webhooks;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Events;

public sealed class EventOwnersTests(Databases databases)
{
    private const string AdminKey = "chosen-by-whoever-runs-the-farm";

    [Fact]
    public async Task An_owner_hears_of_what_is_its_own_and_an_administrator_of_everything()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync(), new() { ["Owners:Authentication"] = "on", ["Owners:AdminKey"] = AdminKey });
        using var admin = Client(host, AdminKey);
        var ada = await PostAsync<OwnerResponse>(admin, "/v1/owners", new { name = "ada" });
        using var client = Client(host, (await PostAsync<NewKeyResponse>(admin, $"/v1/owners/{ada.Id}/keys", new KeyRequest { Name = "a test" })).Key);
        var (hers, other) = (await host.AddBatchAsync(ada.Id), await host.AddBatchAsync());
        using var own = await EventReader.OpenAsync(client, "/v1/events");
        using var all = await EventReader.OpenAsync(admin, "/v1/events");
        await host.TellAsync(other, EventTypes.BatchCreated);
        await host.TellAsync(hers, EventTypes.BatchFinished, owner: ada.Id);
        Assert.Equal(hers, EventReader.Data((await own.NextAsync())!.Value).BatchId);
        Assert.Equal([other, hers], (await all.TakeAsync(2)).Select(item => EventReader.Data(item).BatchId));

        var webhook = await PostAsync<WebhookResponse>(admin, "/v1/webhooks", new WebhookRequest { Url = "https://example.com", BatchId = other });
        foreach (var path in new[] { $"/v1/batches/{other}/events", $"/v1/webhooks/{webhook.Id}", webhook.DeliveriesUrl })
        {
            using var answer = await client.GetAsync(path, Token);
            Assert.Equal((path, HttpStatusCode.NotFound), (path, answer.StatusCode));
        }

        using var nobody = await host.Client.GetAsync("/v1/events", Token);
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
        Assert.Empty((await client.GetFromJsonAsync<Page<WebhookResponse>>("/v1/webhooks", FarmJson.Options, Token))!.Items);
        using var removed = await client.DeleteAsync($"/v1/webhooks/{webhook.Id}", Token);
        Assert.Equal(HttpStatusCode.NotFound, removed.StatusCode);
    }

    [Fact]
    public async Task A_stream_ends_soon_after_its_key()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync(), new() { ["Owners:Authentication"] = "on", ["Owners:AdminKey"] = AdminKey, ["Events:Heartbeat"] = "00:00:00.020" });
        using var admin = Client(host, AdminKey);
        var key = await PostAsync<NewKeyResponse>(admin, "/v1/owners/1/keys", new KeyRequest { Name = "a test" });
        using var client = Client(host, key.Key);
        using var ends = await EventReader.OpenAsync(client, "/v1/events");
        using var goesOn = await EventReader.OpenAsync(admin, "/v1/events");
        (await admin.DeleteAsync($"/v1/keys/{key.Id}", Token)).EnsureSuccessStatusCode();
        Assert.Empty(await ends.RestAsync());
        await host.TellAsync(await host.AddBatchAsync());
        Assert.NotNull(await goesOn.NextAsync());
    }

    private static HttpClient Client(EventsHost host, string key) =>
        new() { BaseAddress = host.Client.BaseAddress, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };

    private static async Task<T> PostAsync<T>(HttpClient client, string path, object body)
    {
        using var answer = await client.PostAsync(path, JsonContent.Create(body, body.GetType(), options: FarmJson.Options), Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        return (await answer.Content.ReadFromJsonAsync<T>(FarmJson.Options, Token))!;
    }
}
