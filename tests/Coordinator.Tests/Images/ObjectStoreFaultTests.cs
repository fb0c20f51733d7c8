using System.Net;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Storage;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Images;

public sealed class ObjectStoreFaultTests(Databases databases)
{
    [Fact]
    public async Task A_store_that_is_away_is_503_with_when_to_try_again()
    {
        using var answer = await GetContentAsync(transient: true);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(5)), (answer.StatusCode, answer.Headers.RetryAfter?.Delta));
        Assert.Contains("The object store does not answer", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_refuses_is_500_with_the_image_and_the_reason()
    {
        using var answer = await GetContentAsync(transient: false);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var image = answer.RequestMessage!.RequestUri!.Segments[3].TrimEnd('/');
        Assert.Contains(
            $"refuses the picture of image {image}: someone must mend its settings. Could not read it: no such bucket",
            await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_refuses_a_file_is_not_said_to_refuse_a_picture()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync(), objects: new BrokenStore(transient: false));
        using var answer = await host.Client.PostAsync(new Uri("/v1/files/scan", UriKind.Relative), null, Token);
        Assert.Contains("The object store refuses what POST /v1/files/scan asks of it; nothing was accepted", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> GetContentAsync(bool transient)
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync(), objects: new BrokenStore(transient));
        var open = await host.RenderOneAsync();
        await host.SucceedAsync(Rendered(open));
        return await host.Client.GetAsync(new Uri($"/v1/images/{open.ImageId}/content", UriKind.Relative), Token);
    }

    private sealed class BrokenStore(bool transient) : IObjectStore
    {
        private ObjectStoreException Fault => new("Could not read it: no such bucket", transient);

        public Task EnsureReadyAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task PutAsync(
            string key, ReadOnlyMemory<byte> bytes, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken) =>
            throw Fault;

        public Task PutAsync(
            string key, Stream content, long length, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken) =>
            throw Fault;

        public Task<StoredObject?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken) => throw Fault;

        public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken) => throw Fault;

        public Task<Uri?> PresignAsync(string key, TimeSpan validFor) => throw new NotSupportedException();

        public Task DeleteAsync(string key, CancellationToken cancellationToken) => throw Fault;

        public IAsyncEnumerable<ObjectEntry> ListAsync(string prefix, CancellationToken cancellationToken) => throw Fault;
    }
}
