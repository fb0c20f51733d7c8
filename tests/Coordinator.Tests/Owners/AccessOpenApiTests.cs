using System.Text.Json;
using StableDiffusion.Coordinator.Tests.Hosting;

namespace StableDiffusion.Coordinator.Tests.Owners;

public sealed class AccessOpenApiTests(Databases databases)
{
    [Fact]
    public async Task The_document_tells_how_a_key_is_sent_and_where_none_is_needed()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var document = await host.GetAsync<JsonElement>("/openapi/v1.json");
        Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("Key").GetProperty("scheme").GetString());
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            foreach (var operation in path.Value.EnumerateObject())
            {
                var isOpen = path.Name.StartsWith("/health", StringComparison.Ordinal);
                Assert.Equal(!isOpen, operation.Value.TryGetProperty("security", out var security) && security[0].TryGetProperty("Key", out _));
                foreach (var refusal in new[] { "401", "403", "429" })
                {
                    Assert.Equal(!isOpen, operation.Value.GetProperty("responses").TryGetProperty(refusal, out _));
                }
            }
        }

        Assert.Equal("The owner.", IdOf("/v1/owners/{id}"));
        Assert.Equal("The batch.", IdOf("/v1/batches/{id}"));
        Assert.Equal("The image.", IdOf("/v1/images/{id}/content"));

        string? IdOf(string path) => document.GetProperty("paths").GetProperty(path).GetProperty("get").GetProperty("parameters")[0].GetProperty("description").GetString();
    }
}
