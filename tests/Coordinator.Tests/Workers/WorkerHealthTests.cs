using MassTransit;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Workers;

public sealed class WorkerHealthTests(Databases databases) : IAsyncLifetime
{
    private static readonly int Limit = new WorkerOptions().MaxFailures;
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await CoordinatorHost.StartAsync(await databases.NewAsync());

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_worker_on_which_images_of_several_batches_fail_is_set_aside_with_the_reason()
    {
        await host.SubmitAsync(Limit / 2);
        await host.SubmitAsync(Limit / 2);
        await JudgeAsync(await FailAsync(Limit - 1));
        Assert.Null(await AsideAsync());
        await JudgeAsync(await FailAsync(1));
        Assert.EndsWith("The last: the disk is full", await AsideAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await host.RunRoundAsync());
    }

    [Fact]
    public async Task Failures_of_one_batch_are_the_workers_fault_where_another_drew_of_it()
    {
        await host.SubmitAsync((2 * Limit) + 1);
        await JudgeAsync(await FailAsync(Limit));
        Assert.Null(await AsideAsync()); // perhaps nobody can
        var other = await host.TakeOneAsync();
        await host.ClaimAsync(other, "worker-2");
        await host.SucceedAsync(Rendered(other), "worker-2");
        await JudgeAsync(await FailAsync(1));
        Assert.NotNull(await AsideAsync());
    }

    [Fact]
    public async Task A_store_that_is_away_is_nobodys_fault_unless_another_stores_meanwhile()
    {
        await host.SubmitAsync(Limit);
        await host.SubmitAsync(Limit);
        await JudgeAsync([.. (await FailAsync(Limit + 1)).Select(Stored)]);
        Assert.Null(await AsideAsync());
        host.Time.Advance(TimeSpan.FromSeconds(1));
        var other = await host.TakeOneAsync();
        await host.ClaimAsync(other, "worker-2");
        await host.SucceedAsync(Rendered(other), "worker-2");
        await JudgeAsync([.. (await FailAsync(1)).Select(Stored)]);
        Assert.NotNull(await AsideAsync());

        static ImageFailed Stored(ImageFailed failed) => failed with { Kind = FailureReasons.Objects };
    }

    [Fact]
    public async Task A_picture_begins_the_count_anew_and_what_can_never_be_drawn_is_not_counted()
    {
        await host.SubmitAsync(Limit);
        await host.SubmitAsync(Limit);
        await JudgeAsync(await FailAsync(Limit - 1));
        await host.Get<WorkerHealth>().JudgeAsync("worker-1", drew: true, [], Token);
        await JudgeAsync(await FailAsync(1));
        await JudgeAsync([.. (await FailAsync(Limit)).Select(failed => failed with { Retryable = false })]);
        Assert.Null(await AsideAsync());
    }

    [Fact]
    public async Task A_failure_that_is_told_twice_counts_once()
    {
        await host.SubmitAsync(1);
        var open = await host.TakeOneAsync();
        await host.ClaimAsync(open);
        var queue = await host.Bus.GetSendEndpoint(new Uri($"queue:{Queues.Images}"));
        for (var told = 0; told < 2; told++)
        {
            await queue.Send(new ImagesReported { WorkerId = "worker-1", Timestamp = host.Time.GetUtcNow(), Failed = [Failed(open, retryable: true)] }, Token);
        }

        await EventuallyAsync(() => host.Db.Workers.AnyAsync(worker => worker.FailuresInARow > 0, Token));
        await host.StopAsync(); // the second was taken in, too
        Assert.Equal(1, await host.Db.Workers.Select(worker => worker.FailuresInARow).SingleAsync(Token));
    }

    private async Task<List<ImageFailed>> FailAsync(int count)
    {
        var failed = (await host.TakeAsync(count)).Select(image => Failed(new(image.Id, image.AttemptId), retryable: true, "the disk is full")).ToList();
        Assert.Equal(count, failed.Count);
        foreach (var image in failed)
        {
            await host.ClaimAsync(new(image.ImageId, image.AttemptId));
            await host.FailAsync(image);
        }

        return failed;
    }

    private Task JudgeAsync(IReadOnlyList<ImageFailed> failed) => host.Get<WorkerHealth>().JudgeAsync("worker-1", drew: false, failed, Token);

    private Task<string?> AsideAsync() => host.Db.Workers.Where(worker => worker.Id == "worker-1").Select(worker => worker.SetAside).SingleAsync(Token);
}
