using System.Net.Http.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Waits;

public sealed class WaitReasonsTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task What_waits_for_its_turn_knows_its_place()
    {
        var first = await host.SubmitAsync(3);
        var second = await host.SubmitAsync(3);
        Assert.Equal([1, 2, 3], (await WaitingAsync(first)).Select(waiting => waiting!.Position));
        Assert.Equal([4, 5, 6], (await WaitingAsync(second)).Select(waiting => waiting!.Position));
        Assert.Equal(4, (await host.GetAsync<BatchResponse>(second.Url)).Waiting!.Position);

        host.Time.Advance(TimeSpan.FromSeconds(2));
        await PatchAsync(second, new BatchChange { Priority = 5 });
        Assert.Equal([1, 2, 3], (await WaitingAsync(second)).Select(waiting => waiting!.Position));
        Assert.Equal([4, 5, 6], (await WaitingAsync(first)).Select(waiting => waiting!.Position));
        var image = (await ImagesAsync(first, ""))[0];
        Assert.Null(image.Waiting); // lists say it when asked
        Assert.Equal(WaitingReason.Busy, (await host.GetAsync<ImageResponse>($"/v1/images/{image.Id}")).Waiting!.Reason);
    }

    [Fact]
    public async Task The_time_until_its_turn_follows_from_what_pictures_of_the_model_took()
    {
        var open = await host.RenderOneAsync();
        Assert.True(await host.SucceedAsync(Rendered(open))); // 1.5 s
        var batch = await host.SubmitAsync(5);
        Assert.Equal([0, 1.5, 3, 4.5, 6], (await WaitingAsync(batch)).Select(waiting => waiting!.EtaSeconds!.Value), (x, y) => Math.Abs(x - y) < 0.11); // rounded to 0.1

        await host.ReportWorkerAsync("worker-2");
        Assert.Equal(3, (await WaitingAsync(batch))[4]!.EtaSeconds!.Value, 0.11);
    }

    [Fact]
    public async Task A_picture_that_nobody_measured_has_no_time()
    {
        var batch = await host.SubmitAsync(1);
        Assert.Null(Assert.Single(await WaitingAsync(batch))!.EtaSeconds);
    }

    [Fact]
    public async Task A_paused_batch_says_so()
    {
        var batch = await host.SubmitAsync(2);
        await PatchAsync(batch, new BatchChange { Paused = true });
        Assert.All(await WaitingAsync(batch), waiting => Assert.Equal((WaitingReason.Paused, null), (waiting!.Reason, waiting.Position)));
        Assert.Equal(WaitingReason.Paused, (await host.GetAsync<BatchResponse>(batch.Url)).Waiting!.Reason);
    }

    [Fact]
    public async Task What_failed_says_when_it_is_tried_again()
    {
        var open = await host.RenderOneAsync();
        await host.FailAsync(Failed(open, retryable: true));
        var waiting = (await host.GetAsync<ImageResponse>($"/v1/images/{open.ImageId}")).Waiting!;
        Assert.Equal((WaitingReason.Retry, 2), (waiting.Reason, waiting.EtaSeconds));
        Assert.EndsWith("out of memory", waiting.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_live_worker_that_is_the_reason()
    {
        var batch = await host.SubmitAsync(1);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(WaitingReason.NoWorker, Assert.Single(await WaitingAsync(batch))!.Reason);
    }

    [Fact]
    public async Task What_is_drawn_or_done_does_not_wait()
    {
        var open = await host.RenderOneAsync();
        Assert.Null((await host.GetAsync<ImageResponse>($"/v1/images/{open.ImageId}")).Waiting);
        await host.SucceedAsync(Rendered(open));
        Assert.Null((await host.GetAsync<ImageResponse>($"/v1/images/{open.ImageId}")).Waiting);
    }

    private async Task<List<Waiting?>> WaitingAsync(BatchResponse batch) => [.. (await ImagesAsync(batch, "?waiting=true")).Select(image => image.Waiting)];

    private async Task<IReadOnlyList<ImageResponse>> ImagesAsync(BatchResponse batch, string query) => (await host.GetAsync<Page<ImageResponse>>(batch.ImagesUrl + query)).Items;

    private async Task PatchAsync(BatchResponse batch, BatchChange change)
    {
        using var answer = await host.Client.PatchAsJsonAsync(batch.Url, change, FarmJson.Options, Token);
        Assert.True(answer.IsSuccessStatusCode);
    }
}
