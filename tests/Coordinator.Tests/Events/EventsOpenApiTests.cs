using System.Text.Json;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Events;

public sealed class EventsOpenApiTests(Databases databases)
{
    [Fact]
    public async Task The_document_tells_of_streams_and_webhooks()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var document = JsonDocument.Parse(await host.Client.GetStringAsync("/openapi/v1.json", Token)).RootElement;
        var paths = document.GetProperty("paths").EnumerateObject().Where(path => path.Name.Contains("events", StringComparison.Ordinal) || path.Name.Contains("webhooks", StringComparison.Ordinal))
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"));
        Assert.Equal(
            [
                "DELETE /v1/webhooks/{id}",
                "GET /v1/batches/{id}/events",
                "GET /v1/events",
                "GET /v1/webhooks",
                "GET /v1/webhooks/{id}",
                "GET /v1/webhooks/{id}/deliveries",
                "GET /v1/webhooks/{id}/deliveries/{delivery}",
                "PATCH /v1/webhooks/{id}",
                "POST /v1/webhooks",
                "POST /v1/webhooks/{id}/deliveries/{delivery}/redeliver",
                "POST /v1/webhooks/{id}/secret",
                "POST /v1/webhooks/{id}/test",
            ],
            paths.Order(StringComparer.Ordinal));

        var stream = document.GetProperty("paths").GetProperty("/v1/batches/{id}/events").GetProperty("get");
        Assert.Equal(["id", "Last-Event-ID", "after", "types", "until", "previews"], stream.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()));
        Assert.All(stream.GetProperty("parameters").EnumerateArray().Skip(1), parameter => Assert.NotEqual("", parameter.GetProperty("description").GetString()));
        Assert.Equal(["200", "400", "404", "410", "503"], stream.GetProperty("responses").EnumerateObject().Select(answer => answer.Name).Where(status => status is not ("401" or "403" or "429")).Order());
        Assert.True(stream.GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty("text/event-stream", out _));
        foreach (var schema in new[] { "EventResponse", "EventImage", "WebhookRequest", "WebhookChange", "WebhookResponse", "WebhookDeliveryResponse" })
        {
            foreach (var field in document.GetProperty("components").GetProperty("schemas").GetProperty(schema).GetProperty("properties").EnumerateObject())
            {
                Assert.True(field.Value.TryGetProperty("description", out _) || field.Value.TryGetProperty("$ref", out _) || field.Value.TryGetProperty("oneOf", out _), $"{schema}.{field.Name}");
            }
        }
    }
}
