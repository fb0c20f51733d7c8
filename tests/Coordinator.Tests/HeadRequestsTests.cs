using System.Net;
using System.Text.Json;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Tests.Events;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests;

public sealed class HeadRequestsTests(Databases databases)
{
    [Fact]
    public async Task What_can_be_got_can_be_asked_for_with_HEAD()
    {
        await using var host = await EventsHost.StartAsync(await databases.NewAsync());
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a" });
        using var document = JsonDocument.Parse(await host.Client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Token));
        var paths = document.RootElement.GetProperty("paths").EnumerateObject().ToList();
        Assert.All(paths, path => Assert.False(path.Value.TryGetProperty("head", out _), path.Name));
        var tried = 0;
        foreach (var path in paths.Where(path => path.Value.TryGetProperty("get", out _)).Select(path => path.Name).Append("/openapi/v1.json").Append($"/batches/{batch.Id}"))
        {
            var place = path.Replace("{id}", $"{batch.Id}", StringComparison.Ordinal).Replace("{delivery}", $"{batch.Id}", StringComparison.Ordinal).Replace("{kind}", "lora", StringComparison.Ordinal);
            using var got = await SendAsync(host, HttpMethod.Get, place); // of a stream, its beginning
            using var asked = await SendAsync(host, HttpMethod.Head, place);

            Assert.Equal((place, got.StatusCode), (place, asked.StatusCode));
            Assert.Equal((place, got.Content.Headers.ContentType), (place, asked.Content.Headers.ContentType));
            Assert.Empty(await asked.Content.ReadAsByteArrayAsync(Token)); // and ends
            tried++;
        }

        Assert.InRange(tried, 30, 100);
        using var change = await SendAsync(host, HttpMethod.Head, $"/v1/batches/{batch.Id}/cancel");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, change.StatusCode);
    }

    private static async Task<HttpResponseMessage> SendAsync(EventsHost host, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        return await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
    }
}
