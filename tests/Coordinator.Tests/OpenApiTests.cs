using System.Text.Json;
using StableDiffusion.Coordinator.Tests.Hosting;

namespace StableDiffusion.Coordinator.Tests;

public sealed class OpenApiTests(Databases databases)
{
    [Fact]
    public async Task The_document_has_every_endpoint_and_describes_the_fields()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var document = await host.GetAsync<JsonElement>("/openapi/v1.json");
        var endpoints = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}"));
        Assert.Equal(
            [
                "GET /v1/batches",
                "GET /v1/batches/{id}",
                "GET /v1/batches/{id}/images",
                "GET /v1/images/{id}",
                "GET /v1/images/{id}/content",
                "GET /v1/models",
                "GET /v1/workers",
                "POST /v1/batches",
                "POST /v1/batches/{id}/rerun",
            ],
            endpoints.Order(StringComparer.Ordinal));
        var request = document.GetProperty("components").GetProperty("schemas").GetProperty("BatchRequest").GetProperty("properties");
        foreach (var field in request.EnumerateObject())
        {
            Assert.False(string.IsNullOrEmpty(field.Value.GetProperty("description").GetString()), field.Name);
        }

        Assert.True(request.TryGetProperty("cfg_scale", out _));
    }
}
