using StableDiffusion.Storage;
using StableDiffusion.Worker.Tests.Fakes;
using StableDiffusion.Worker.Uploads;

namespace StableDiffusion.Worker.Tests.Uploads;

public sealed class UploaderTests
{
    private static readonly byte[] File = [1, 2, 3];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Transient_failures_are_tried_again_after_growing_pauses()
    {
        using var bench = new Bench { Store = new FakeStore(Away(), Away()) };

        await bench.Uploader.PutAsync("a.png", File, "image/png", Cancel);

        Assert.Equal(File, bench.Store.Objects["a.png"]);
        Assert.Equal(3, bench.Store.Puts);
        Assert.Equal(Uploader.Pauses.Take(2), bench.Time.Waits);
    }

    [Fact]
    public async Task Permanent_failure_is_not_tried_again()
    {
        using var bench = new Bench { Store = new FakeStore(new ObjectStoreException("forbidden", transient: false)) };

        await Assert.ThrowsAsync<ObjectStoreException>(() => bench.Uploader.PutAsync("a.png", File, "image/png", Cancel));

        Assert.Equal(1, bench.Store.Puts);
    }

    [Fact]
    public async Task After_the_last_try_the_error_comes_through()
    {
        using var bench = new Bench { Store = new FakeStore([.. Uploader.Pauses.Append(default).Select(_ => Away())]) };

        var error = await Assert.ThrowsAsync<ObjectStoreException>(() => bench.Uploader.PutAsync("a.png", File, "image/png", Cancel));

        Assert.True(error.IsTransient);
        Assert.Equal(Uploader.Pauses.Count + 1, bench.Store.Puts);
        Assert.InRange(bench.Time.Waits.Sum(wait => wait.TotalMinutes), 4, 6);
    }

    [Fact]
    public async Task Shutdown_ends_the_waiting_for_a_store_that_is_away()
    {
        using var bench = new Bench { Store = new FakeStore(Away()) };
        await bench.InHand.StopAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.Uploader.PutAsync("a.png", File, "image/png", Cancel));
    }

    private static ObjectStoreException Away() => new("away", transient: true);
}
