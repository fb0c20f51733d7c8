using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

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
                "DELETE /v1/batches/{id}",
                "DELETE /v1/files/{kind}/{name}",
                "DELETE /v1/images/{id}/content",
                "DELETE /v1/keys/{id}",
                "DELETE /v1/owners/{id}",
                "DELETE /v1/webhooks/{id}",
                "DELETE /v1/workers/{id}",
                "GET /health",
                "GET /health/live",
                "GET /health/ready",
                "GET /metrics",
                "GET /v1/adapters",
                "GET /v1/batches",
                "GET /v1/batches/{id}",
                "GET /v1/batches/{id}/archive",
                "GET /v1/batches/{id}/events",
                "GET /v1/batches/{id}/images",
                "GET /v1/batches/{id}/verification",
                "GET /v1/events",
                "GET /v1/files",
                "GET /v1/files/{kind}/{name}",
                "GET /v1/images",
                "GET /v1/images/{id}",
                "GET /v1/images/{id}/attempts",
                "GET /v1/images/{id}/content",
                "GET /v1/images/{id}/preview",
                "GET /v1/images/{id}/url",
                "GET /v1/me",
                "GET /v1/models",
                "GET /v1/owners",
                "GET /v1/owners/{id}",
                "GET /v1/owners/{id}/keys",
                "GET /v1/scaling",
                "GET /v1/sweeps",
                "GET /v1/webhooks",
                "GET /v1/webhooks/{id}",
                "GET /v1/webhooks/{id}/deliveries",
                "GET /v1/webhooks/{id}/deliveries/{delivery}",
                "GET /v1/workers",
                "GET /v1/workers/{id}",
                "PATCH /v1/batches/{id}",
                "PATCH /v1/owners/{id}",
                "PATCH /v1/webhooks/{id}",
                "POST /v1/batches",
                "POST /v1/batches/{id}/cancel",
                "POST /v1/batches/{id}/rerun",
                "POST /v1/batches/{id}/retry",
                "POST /v1/files",
                "POST /v1/files/scan",
                "POST /v1/images/{id}/cancel",
                "POST /v1/images/{id}/retry",
                "POST /v1/owners",
                "POST /v1/owners/{id}/keys",
                "POST /v1/sweeps",
                "POST /v1/webhooks",
                "POST /v1/webhooks/{id}/deliveries/{delivery}/redeliver",
                "POST /v1/webhooks/{id}/secret",
                "POST /v1/webhooks/{id}/test",
                "POST /v1/workers/{id}/drain",
                "POST /v1/workers/{id}/resume",
                "PUT /v1/files/{kind}/{name}/content",
            ],
            endpoints.Order(StringComparer.Ordinal));
        var schemas = document.GetProperty("components").GetProperty("schemas");
        foreach (var schema in new[] { "BatchRequest", "BatchRun", "FieldLists", "RerunRequest", "LoraUse", "ControlNetUnit", "ImageSettings", "InpaintingSettings", "AdapterResponse" })
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
    public async Task Lists_of_fields_are_described_by_the_fields_that_they_list()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var schemas = (await host.GetAsync<JsonElement>("/openapi/v1.json")).GetProperty("components").GetProperty("schemas");
        var (image, lists) = (schemas.GetProperty("ImageFields").GetProperty("properties"), schemas.GetProperty("FieldLists").GetProperty("properties"));
        Assert.Equal(image.EnumerateObject().Select(field => field.Name), lists.EnumerateObject().Select(field => field.Name));
        Assert.Equal(("array", "150"), (lists.GetProperty("steps").GetProperty("type").GetString(), lists.GetProperty("steps").GetProperty("items").GetProperty("maximum").ToString()));
        Assert.False(lists.TryGetProperty("n_iter", out _));
        Assert.Equal("#/components/schemas/FieldLists", schemas.GetProperty("BatchRun").GetProperty("properties").GetProperty("zip").GetProperty("$ref").GetString());
    }

    [Fact]
    public async Task The_document_is_made_once_however_many_ask_and_by_whatever_name()
    {
        var made = 0;
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync(), configure: builder => builder.Services.Configure<OpenApiOptions>("v1", options =>
            options.AddDocumentTransformer((_, _, _) =>
            {
                made++;
                return Task.CompletedTask;
            })));
        var documents = await Task.WhenAll(Enumerable.Range(0, 5).Select(async number =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/openapi/v1.json?{number}") { Headers = { Host = $"host-{number}.example", Authorization = new("Bearer", "none") } };
            using var answer = await host.Client.SendAsync(request, Token);
            return await answer.Content.ReadAsStringAsync(Token);
        }));
        Assert.Equal(1, made);
        Assert.DoesNotContain(".example", Assert.Single(documents.Distinct()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_document_tells_what_the_api_answers()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var document = await host.GetAsync<JsonElement>("/openapi/v1.json");
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
            .ToDictionary(operation => operation.Value.GetProperty("operationId").GetString()!, operation => operation.Value);
        Assert.Equal(["200", "206", "401", "403", "404", "409", "410", "416", "429", "500", "503"], Answers("GetImageContent"));
        Assert.Equal(["200", "400", "401", "403", "429", "503"], Answers("ListBatches"));
        Assert.Equal(["201", "400", "401", "403", "409", "413", "415", "429", "500", "503"], Answers("SubmitBatch"));
        Assert.Equal(["200", "503"], Answers("GetHealth"));
        Assert.True(operations["GetImageContent"].GetProperty("responses").GetProperty("200").GetProperty("content").TryGetProperty("image/png", out _));

        var schemas = document.GetProperty("components").GetProperty("schemas");
        Assert.Empty(
            new[]
                {
                    "BatchChange", "BatchRequest", "BatchRun", "ControlNetUnit", "FieldLists", "ImageFields", "ImageSelection", "KeyRequest", "LoraUse", "OwnerRequest",
                    "RegisterFileRequest", "RerunRequest", "WebhookChange", "WebhookRequest", "WorkerDrain",
                }
                .Except(schemas.EnumerateObject().Where(IsClosed).Select(schema => schema.Name)));
        Assert.False(IsClosed(schemas.EnumerateObject().Single(schema => schema.Name == "BatchResponse")));
        Assert.True(schemas.GetProperty("ProblemDetails").GetProperty("properties").TryGetProperty("trace_id", out _));
        Assert.True(schemas.GetProperty("HttpValidationProblemDetails").GetProperty("properties").TryGetProperty("trace_id", out _));
        foreach (var dotnet in new[] { "&lt;", "\\n", "BatchRequest.", "long?", "double?", "int?", "string?", "StableDiffusion." })
        {
            Assert.DoesNotContain(dotnet, document.ToString(), StringComparison.Ordinal);
        }

        IEnumerable<string> Answers(string operation) =>
            operations[operation].GetProperty("responses").EnumerateObject().Select(answer => answer.Name).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task The_documents_bounds_are_those_that_the_api_keeps()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync(), new() { ["Batches:MaxImages"] = "50", ["Batches:MaxSide"] = "1024" });
        await host.Get<WorkerRegister>().RegisterAsync(
            CoordinatorHost.Registered("worker-1", host.Time.GetUtcNow()) with
            {
                Models = [CoordinatorHost.Description with { Family = ModelFamily.Sdxl, BatchClass = 8 }],
                Adapters = [new() { Kind = AdapterKind.Lora, Name = "ink", Hash = "11" }, new() { Kind = AdapterKind.Controlnet, Name = "canny", Hash = "22" }],
            },
            Token);
        var schemas = (await host.GetAsync<JsonElement>("/openapi/v1.json")).GetProperty("components").GetProperty("schemas");
        var bounded = 0;
        foreach (var (schema, owner) in new[] { ("BatchRequest", ""), ("ControlNetUnit", "controlnet_units[0]."), ("LoraUse", "loras[0].") })
        {
            foreach (var field in schemas.GetProperty(schema).GetProperty("properties").EnumerateObject().Where(field => field.Value.TryGetProperty("maximum", out _)))
            {
                bounded++;
                var (least, most) = (field.Value.GetProperty("minimum").GetDecimal(), field.Value.GetProperty("maximum").GetDecimal());
                var step = field.Value.GetProperty("type").ToString().Contains("number", StringComparison.Ordinal) ? 0.01m : 1;
                Assert.True(await IsRefusedAsync(host, owner, field.Name, least - step), $"{field.Name} {least - step}");
                Assert.True(await IsRefusedAsync(host, owner, field.Name, most + step), $"{field.Name} {most + step}");
                Assert.False(await IsRefusedAsync(host, owner, field.Name, most), $"{field.Name} {most}");
                Assert.False(field.Name is not ("width" or "height") && await IsRefusedAsync(host, owner, field.Name, least), $"{field.Name} {least}"); // theirs is the model's
            }
        }

        Assert.Equal(30, bounded);
        Assert.Equal("1024", schemas.GetProperty("BatchRequest").GetProperty("properties").GetProperty("width").GetProperty("maximum").ToString());
    }

    /// <summary>Whether a number is out of the field's range, in a request where the field has something to say.</summary>
    private static async Task<bool> IsRefusedAsync(CoordinatorHost host, string owner, string field, decimal value)
    {
        var given = $"\"{field}\":{value.ToString(CultureInfo.InvariantCulture)}";
        var body = (owner, field) switch
        {
            ("loras[0].", _) => $$"""{"prompt":"a","loras":[{"name":"ink",{{given}}}]}""",
            ("controlnet_units[0].", _) => $$"""{"prompt":"a","controlnet_units":[{"model":"canny","image":"{{Png.Base64()}}",{{given}}}]}""",
            (_, ['h', 'r', '_', ..]) => $$"""{"prompt":"a","enable_hr":true,{{given}}}""",
            (_, "batch_class") => $$"""{"prompt":"a","n_iter":8,{{given}}}""",
            (_, "denoising_strength" or "mask_blur" or ['i', 'n', 'p', ..]) =>
                $$"""{"prompt":"a","init_images":["{{Png.Base64()}}"],"mask":"{{Png.Base64()}}","inpaint_full_res":true,{{given}}}""",
            _ => $$"""{"prompt":"a",{{given}}}""",
        };
        using var answer = await host.Client.PostAsync(new Uri("/v1/batches", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), Token);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
        return document.RootElement.TryGetProperty("errors", out var errors) && errors.TryGetProperty(owner + field, out var messages)
            && !messages.ToString().Contains("is not after", StringComparison.Ordinal); // a ControlNet's end before its start
    }

    private static bool IsClosed(JsonProperty schema) =>
        schema.Value.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind == JsonValueKind.False;
}
