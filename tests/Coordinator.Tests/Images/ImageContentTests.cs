using System.Net;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Storage;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Images;

public sealed class ImageContentTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task The_content_is_the_stored_object()
    {
        var bytes = Enumerable.Range(0, 100_000).Select(i => (byte)i).ToArray();
        var open = await host.RenderOneAsync();
        var key = (await host.ImageAsync(open.ImageId)).ObjectKey!;
        await host.Get<IObjectStore>().PutAsync(key, bytes, "image/png", null, Token);
        await host.SucceedAsync(Rendered(open));

        var image = await host.GetAsync<ImageResponse>($"/v1/images/{open.ImageId}");
        Assert.Equal((ImageState.Succeeded, "cafe", 123L, 1.5, 1L << 33), (image.State, image.Sha256, image.Bytes, image.RenderSeconds, image.PeakMemory));
        using var answer = await GetContentAsync(open.ImageId);
        Assert.Equal("image/png", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("\"cafe\"", answer.Headers.ETag?.Tag);
        Assert.Equal(key[(key.LastIndexOf('/') + 1)..], answer.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
        Assert.Equal(bytes, await answer.Content.ReadAsByteArrayAsync(Token));
        Assert.Equal($"/v1/images/{open.ImageId}/content", image.ContentUrl);
    }

    [Fact]
    public async Task There_is_no_content_before_the_end()
    {
        var open = await host.RenderOneAsync();
        using var answer = await GetContentAsync(open.ImageId);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("The image is rendering; ask again later", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_content_of_a_failed_image_is_its_reason()
    {
        var open = await host.RenderOneAsync();
        await host.FailAsync(Failed(open, retryable: false, "the model is broken"));
        using var answer = await GetContentAsync(open.ImageId);
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("the model is broken", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_object_is_said_to_be_gone()
    {
        var open = await host.RenderOneAsync();
        await host.SucceedAsync(Rendered(open));
        using var answer = await GetContentAsync(open.ImageId);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("no longer holds batches/", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private Task<HttpResponseMessage> GetContentAsync(Guid image) =>
        host.Client.GetAsync(new Uri($"/v1/images/{image}/content", UriKind.Relative), Token);
}
