using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Batches;

public sealed class ProgressTests(Databases databases)
{
    [Fact]
    public async Task A_batch_counts_its_images_by_state_and_ends_with_the_last()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var batch = await host.SubmitAsync(4);
        var first = await host.TakeOneAsync();
        await host.ClaimAsync(first);
        await host.ProgressAsync(Progressed(first, 1, 10));
        var second = await host.TakeOneAsync();
        await host.SucceedAsync(Rendered(second));
        var third = await host.TakeOneAsync();

        var now = await host.GetAsync<BatchResponse>(batch.Url);
        Assert.Equal(new ImageCounts { Total = 4, Queued = 1, Dispatched = 1, Rendering = 1, Succeeded = 1, Failed = 0, Cancelled = 0 }, now.Counts);
        Assert.Equal((1 + 0.5) / 4, now.Progress);
        Assert.Null(now.FinishedAt);

        host.Time.Advance(TimeSpan.FromSeconds(9));
        await host.SucceedAsync(Rendered(first));
        await host.FailAsync(Failed(third, retryable: false));
        await host.SucceedAsync(Rendered(await host.TakeOneAsync()));
        now = await host.GetAsync<BatchResponse>(batch.Url);
        Assert.Equal((3, 1, 1d, host.Time.GetUtcNow()), (now.Counts.Succeeded, now.Counts.Failed, now.Progress, now.FinishedAt));
    }
}
