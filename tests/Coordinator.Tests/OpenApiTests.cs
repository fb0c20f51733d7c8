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
                "GET /health",
                "GET /health/live",
                "GET /v1/adapters",
                "GET /v1/batches",
                "GET /v1/batches/{id}",
                "GET /v1/batches/{id}/images",
                "GET /v1/images/{id}",
                "GET /v1/images/{id}/content",
                "GET /v1/images/{id}/preview",
                "GET /v1/models",
                "GET /v1/workers",
                "POST /v1/batches",
                "POST /v1/batches/{id}/rerun",
            ],
            endpoints.Order(StringComparer.Ordinal));
        var schemas = document.GetProperty("components").GetProperty("schemas");
        foreach (var schema in new[] { "BatchRequest", "LoraUse", "ControlNetUnit", "ImageSettings", "InpaintingSettings", "AdapterResponse" })
        {
            foreach (var field in schemas.GetProperty(schema).GetProperty("properties").EnumerateObject())
            {
                // a reference to a described schema stands for a description
                Assert.True(field.Value.TryGetProperty("description", out _) || field.Value.TryGetProperty("$ref", out _) || field.Value.TryGetProperty("oneOf", out _), $"{schema}.{field.Name}");
            }
        }

        Assert.True(schemas.GetProperty("BatchRequest").GetProperty("properties").TryGetProperty("cfg_scale", out _));
    }

    [Fact]
    public async Task The_document_tells_what_the_api_answers()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var document = await host.GetAsync<JsonElement>("/openapi/v1.json");
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
            .ToDictionary(operation => operation.Value.GetProperty("operationId").GetString()!, operation => operation.Value);
        Assert.Equal(["200", "404", "409", "503"], Answers("GetImageContent"));
        Assert.Equal(["200", "400", "503"], Answers("ListBatches"));
        Assert.Equal(["201", "400", "413", "415", "503"], Answers("SubmitBatch"));
        Assert.Equal(["200", "503"], Answers("GetHealth"));
        Assert.True(operations["GetImageContent"].GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty("image/png", out _));

        var schemas = document.GetProperty("components").GetProperty("schemas");
        Assert.Equal(["BatchRequest", "ControlNetUnit", "LoraUse"], schemas.EnumerateObject().Where(IsClosed).Select(schema => schema.Name));
        Assert.True(schemas.GetProperty("ProblemDetails").GetProperty("properties").TryGetProperty("trace_id", out _));
        Assert.True(schemas.GetProperty("HttpValidationProblemDetails").GetProperty("properties").TryGetProperty("trace_id", out _));
        foreach (var dotnet in new[] { "BatchRequest.", "long?", "double?", "int?", "string?", "StableDiffusion." })
        {
            Assert.DoesNotContain(dotnet, document.ToString(), StringComparison.Ordinal);
        }

        IEnumerable<string> Answers(string operation) =>
            operations[operation].GetProperty("responses").EnumerateObject().Select(answer => answer.Name).Order(StringComparer.Ordinal);
    }

    private static bool IsClosed(JsonProperty schema) =>
        schema.Value.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind == JsonValueKind.False;
}
