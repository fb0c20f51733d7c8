using MassTransit;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Dispatch;

public sealed class DispatchRoundTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync(), new()
    {
        ["Dispatch:WindowPerWorker"] = "6",
        ["Dispatch:GroupSize"] = "4",
    });

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_round_publishes_a_window_for_each_live_worker_in_groups()
    {
        var batch = await host.SubmitAsync(20);
        Assert.Equal(6, await host.RunRoundAsync());
        Assert.Equal(0, await host.RunRoundAsync());
        await host.ReportWorkerAsync("worker-2");
        Assert.Equal(6, await host.RunRoundAsync());

        var commands = await CommandsAsync(images: 12);
        Assert.Equal([4, 2, 3, 3], commands.Select(command => command.Images.Count));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => 7L + i), commands.SelectMany(command => command.Images).Select(image => image.Settings.Seed));
        var first = commands[0];
        Assert.Equal((CoordinatorHost.Model, host.Time.GetUtcNow() + new ImageOptions().QueueLease), (first.Model, first.ExpiresAt));
        Assert.StartsWith($"batches/{batch.Id}/00000-7-", first.Images[0].ObjectKey, StringComparison.Ordinal);
        Assert.Equal(batch.Settings, first.Images[0].Settings);
    }

    [Fact]
    public async Task The_oldest_batch_goes_first()
    {
        await host.SubmitAsync(4);
        var later = await host.SubmitAsync(4);
        await host.RunRoundAsync();
        var images = host.Db.Images.Where(image => image.BatchId == later.Id && image.State == ImageState.Dispatched);
        Assert.Equal(2, images.Count());
    }

    [Fact]
    public async Task Images_that_cannot_share_a_network_call_are_not_grouped()
    {
        await host.ReportWorkerAsync();
        await host.SubmitAsync(new BatchRequest { Prompts = ["a", "b"], Seed = 1 });
        await host.SubmitAsync(new BatchRequest { Prompt = "c", Width = 128 });
        await host.SubmitAsync(new BatchRequest { Prompt = "d", NegativePrompt = "not this", Seed = 5 });
        await host.RunRoundAsync();
        var commands = await CommandsAsync(images: 4);
        Assert.Equal([["a", "b", "d"], ["c"]], commands.Select(command => command.Images.Select(image => image.Settings.Prompt)).OrderBy(group => group.First(), StringComparer.Ordinal));
    }

    [Fact]
    public async Task Images_that_share_a_call_are_not_split_between_workers()
    {
        foreach (var worker in new[] { "worker-1", "worker-2" })
        {
            var report = CoordinatorHost.Report(worker, host.Time.GetUtcNow());
            await host.Get<WorkerRegister>().ReportAsync(report with { Models = [CoordinatorHost.Description with { BatchClass = 4 }] }, Token);
        }

        await host.SubmitAsync(new BatchRequest { Prompt = "a", Seed = 0, NIter = 6 });
        await host.RunRoundAsync();
        Assert.Equal([4, 2], (await CommandsAsync(images: 6)).Select(command => command.Images.Count)); // and not three each
    }

    [Fact]
    public async Task Work_waits_while_no_worker_holds_its_model()
    {
        await host.SubmitAsync(3);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, await host.RunRoundAsync());
        await host.ReportWorkerAsync("worker-2");
        Assert.Equal(3, await host.RunRoundAsync());
    }

    [Fact]
    public async Task Nothing_is_published_for_a_worker_that_has_left()
    {
        await host.SubmitAsync(3);
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await host.ReportWorkerAsync(leaving: true);
        Assert.Equal(0, await host.RunRoundAsync());
    }

    [Fact]
    public async Task A_crash_between_commit_and_publish_is_healed_by_the_lease()
    {
        await host.SubmitAsync(1);
        var lost = await host.TakeOneAsync(); // committed; and here the coordinator died
        Assert.Equal(0, await host.RunRoundAsync());

        host.Time.Advance(new ImageOptions().PublishLease + TimeSpan.FromSeconds(1));
        await host.ReportWorkerAsync();
        Assert.Equal(1, await host.RunRoundAsync());
        var command = Assert.Single(await CommandsAsync(images: 1));
        Assert.Equal(lost.ImageId, command.Images[0].ImageId);
        Assert.NotEqual(lost.AttemptId, command.Images[0].AttemptId);
        Assert.Equal(AttemptState.Lost, (await host.AttemptAsync(lost.AttemptId)).State);
    }

    [Fact]
    public async Task A_published_command_may_wait_longer_than_an_unpublished_one()
    {
        await host.SubmitAsync(1);
        Assert.Equal(1, await host.RunRoundAsync());
        host.Time.Advance(new ImageOptions().QueueLease - TimeSpan.FromSeconds(1));
        await host.ReportWorkerAsync();
        Assert.Equal(0, await host.RunRoundAsync());
        Assert.All(host.Db.Images, image => Assert.Equal((ImageState.Dispatched, 1), (image.State, image.Attempts)));
    }

    [Fact]
    public async Task A_publish_that_fails_puts_the_images_back_without_a_failure()
    {
        await host.SubmitAsync(2);
        var round = new DispatchRound(
            host.Claims, host.Ends, host.Get<WorkerRegister>(), new NoBroker(), host.Time,
            Options.Create(new DispatchOptions()), Options.Create(new ImageOptions()), NullLogger<DispatchRound>.Instance);
        Assert.Equal(0, await round.RunAsync(Token));
        host.Db.ChangeTracker.Clear();
        Assert.All(host.Db.Images, image => Assert.Equal((ImageState.Queued, 0), (image.State, image.Failures)));
        Assert.Equal(2, await host.RunRoundAsync());
    }

    private async Task<List<RenderImages>> CommandsAsync(int images)
    {
        var commands = new List<RenderImages>();
        while (commands.Sum(command => command.Images.Count) < images)
        {
            commands.Add(await host.Commands.Reader.ReadAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Token));
        }

        // the transport may deliver two commands in either order
        return [.. commands.OrderBy(command => command.Images[0].Settings.Seed)];
    }

    private sealed class NoBroker : ISendEndpointProvider
    {
        public Task<ISendEndpoint> GetSendEndpoint(Uri address) => throw new TimeoutException("the broker is away");

        public ConnectHandle ConnectSendObserver(ISendObserver observer) => throw new NotSupportedException();
    }
}
