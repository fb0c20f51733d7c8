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

    [Theory]
    [InlineData("bytes=0-9", null, 206, "bytes 0-9/1000", 0, 10)]
    [InlineData("bytes=990-", null, 206, "bytes 990-999/1000", 990, 10)]
    [InlineData("bytes=990-5000", null, 206, "bytes 990-999/1000", 990, 10)]
    [InlineData("bytes=-3", null, 206, "bytes 997-999/1000", 997, 3)]
    [InlineData("bytes=500-", "\"cafe\"", 206, "bytes 500-999/1000", 500, 500)]
    [InlineData("bytes=500-", "\"another\"", 200, null, 0, 1000)] // what was begun was another picture
    [InlineData("bytes=1000-", null, 416, "bytes */1000", 0, 0)]
    [InlineData("bytes=9-2", null, 200, null, 0, 1000)] // no range at all (RFC 9110, 14.1.1)
    [InlineData("bytes=0-1,5-6", null, 200, null, 0, 1000)] // several at once are not for us to give
    public async Task A_part_of_a_picture_can_be_asked_for(string range, string? ifRange, int status, string? contentRange, int offset, int count)
    {
        var bytes = Enumerable.Range(0, 1000).Select(i => (byte)(i * 7)).ToArray();
        using var objects = new WatchedStore();
        await using var watched = await CoordinatorHost.StartAsync(await databases.NewAsync(), objects: objects);
        var image = await DrawnAsync(watched, bytes);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/images/{image}/content");
        request.Headers.TryAddWithoutValidation("Range", range);
        request.Headers.TryAddWithoutValidation("If-Range", ifRange);
        using var answer = await watched.Client.SendAsync(request, Token);

        Assert.Equal((status, contentRange, (long?)count), ((int)answer.StatusCode, answer.Content.Headers.ContentRange?.ToString(), answer.Content.Headers.ContentLength));
        Assert.Equal(bytes.Skip(offset).Take(count), await answer.Content.ReadAsByteArrayAsync(Token));
        Assert.Equal(count == 0 ? [] : [offset], objects.Reads); // and no more than that is read
    }

    [Fact]
    public async Task HEAD_and_what_a_cache_has_already_read_nothing_of_the_picture()
    {
        using var objects = new WatchedStore();
        await using var watched = await CoordinatorHost.StartAsync(await databases.NewAsync(), objects: objects);
        var image = await DrawnAsync(watched, new byte[1000]);
        using var head = new HttpRequestMessage(HttpMethod.Head, $"/v1/images/{image}/content");
        using var asked = await watched.Client.SendAsync(head, Token);
        Assert.Equal((HttpStatusCode.OK, 1000L, "\"cafe\"", "bytes"), (asked.StatusCode, asked.Content.Headers.ContentLength, asked.Headers.ETag?.Tag, asked.Headers.AcceptRanges.Single()));
        using var again = new HttpRequestMessage(HttpMethod.Get, $"/v1/images/{image}/content") { Headers = { IfNoneMatch = { new("\"cafe\"") } } };
        using var known = await watched.Client.SendAsync(again, Token);
        Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        Assert.Empty(objects.Reads);
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

    private static async Task<Guid> DrawnAsync(CoordinatorHost host, byte[] bytes)
    {
        var open = await host.RenderOneAsync();
        await host.Get<IObjectStore>().PutAsync((await host.ImageAsync(open.ImageId)).ObjectKey!, bytes, "image/png", null, Token);
        await host.SucceedAsync(Rendered(open));
        return open.ImageId;
    }

    private Task<HttpResponseMessage> GetContentAsync(Guid image) =>
        host.Client.GetAsync(new Uri($"/v1/images/{image}/content", UriKind.Relative), Token);
}
