using Amazon.Runtime;
using Amazon.S3;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Storage.S3;

namespace StableDiffusion.Storage.Tests.S3;

/// <summary>One Ceph for all S3 tests.</summary>
public sealed class CephFixture : IAsyncLifetime
{
    public CephServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await CephServer.StartAsync(TestContext.Current.CancellationToken);
        using var store = new S3ObjectStore(Options());
        await store.EnsureReadyAsync(TestContext.Current.CancellationToken);
    }

    public S3Options Options() => new()
    {
        ServiceUrl = Server.ServiceUrl, AccessKey = Server.AccessKey, SecretKey = Server.SecretKey, Bucket = "renders",
    };

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}

public sealed class S3ObjectStoreTests(CephFixture ceph) : ObjectStoreContract, IClassFixture<CephFixture>, IDisposable
{
    private readonly S3ObjectStore store = new(ceph.Options());

    protected override IObjectStore Store => store;

    public void Dispose() => store.Dispose();

    [Fact]
    public async Task Wrong_secret_is_permanent_and_names_the_bucket()
    {
        var options = ceph.Options();
        options.SecretKey = "not it";
        using var stranger = new S3ObjectStore(options);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => stranger.PutAsync("a", "x"u8.ToArray(), "image/png", null, Cancel));

        Assert.False(error.IsTransient);
        Assert.Contains("\"renders\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_that_is_away_is_transient()
    {
        var options = ceph.Options();
        options.ServiceUrl = $"http://127.0.0.1:{ServerProcess.FreePort()}";
        using var away = new S3ObjectStore(options);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => away.PutAsync("a", "x"u8.ToArray(), "image/png", null, Cancel));

        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task Missing_bucket_is_transient_and_never_taken_for_a_missing_object()
    {
        var options = ceph.Options();
        options.Bucket = "not-made-yet";
        using var early = new S3ObjectStore(options);

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => early.OpenReadAsync("a", Cancel));

        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task Stream_that_breaks_off_leaves_no_parts_on_the_server()
    {
        using var client = new AmazonS3Client(
            new BasicAWSCredentials(ceph.Server.AccessKey, ceph.Server.SecretKey), new AmazonS3Config { ServiceURL = ceph.Server.ServiceUrl, ForcePathStyle = true });
        var underWay = 0;
        var content = new Trickle(new byte[40_000_000])
        {
            AtEnd = () => underWay = client.ListMultipartUploadsAsync("renders", Cancel).GetAwaiter().GetResult().MultipartUploads?.Count(upload => upload.Key == "broken") ?? 0,
        };

        await Assert.ThrowsAsync<InvalidDataException>(() => store.PutAsync("broken", content, 50_000_000, "application/x", null, Cancel));

        Assert.Equal(1, underWay);
        Assert.DoesNotContain("broken", (await client.ListMultipartUploadsAsync("renders", Cancel)).MultipartUploads?.Select(upload => upload.Key) ?? []);
    }

    [Fact]
    public async Task A_presigned_url_reads_the_object_without_a_key_and_no_other()
    {
        await Store.PutAsync("batches/x/1 größe.png", new byte[] { 1, 2, 3 }, "image/png", null, TestContext.Current.CancellationToken);
        var url = await Store.PresignAsync("batches/x/1 größe.png", TimeSpan.FromMinutes(1));
        using var http = new HttpClient();
        Assert.Equal([1, 2, 3], await http.GetByteArrayAsync(url, TestContext.Current.CancellationToken));
        using var other = await http.GetAsync(new Uri(url!.ToString().Replace("batches/x/1", "batches/x/2", StringComparison.Ordinal)), TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, other.StatusCode);
    }

    [Fact]
    public async Task List_follows_every_page()
    {
        var keys = Enumerable.Range(0, 1003).Select(i => $"pages/{i:0000}").ToList();
        await Parallel.ForEachAsync(keys, Cancel, async (key, cancel) => await store.PutAsync(key, "x"u8.ToArray(), "image/png", null, cancel));

        var found = new List<string>();
        await foreach (var entry in store.ListAsync("pages/", Cancel))
        {
            found.Add(entry.Key);
        }

        Assert.Equal(keys, found.Order(StringComparer.Ordinal));
    }
}
