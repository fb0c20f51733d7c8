using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests;

/// <summary>The dispatcher, the bus and the consumers together, in real time, with a worker that only reports.</summary>
public sealed class RoundTripTests(Databases databases)
{
    [Fact]
    public async Task A_submitted_batch_is_dispatched_reported_and_finished()
    {
        var failedOnce = false;
        await using var host = await CoordinatorHost.StartAsync(
            await databases.NewAsync(), new() { ["Images:RetryDelay"] = "00:00:00.1" }, dispatcherRuns: true, async (host, command) =>
            {
                AttemptReference[] attempts = [.. command.Images.Select(image => new AttemptReference(image.ImageId, image.AttemptId))];
                var claims = host.Bus.CreateRequestClient<ClaimImages>(new Uri($"queue:{Queues.Claims}"));
                var granted = (await claims.GetResponse<ImagesClaimed>(Claim("worker-1", attempts), Token)).Message.Granted;
                Assert.Equal(attempts.Select(attempt => attempt.AttemptId), granted);
                var reports = await host.Bus.GetSendEndpoint(new Uri($"queue:{Queues.Images}"));
                var report = new ImagesReported { WorkerId = "worker-1", Timestamp = DateTimeOffset.UtcNow };
                await reports.Send(report with { Progressed = [.. attempts.Select(attempt => Progressed(attempt, 1, 10))] }, Token);
                var bad = failedOnce ? -1 : command.Images.ToList().FindIndex(image => image.Seed == 8);
                failedOnce |= bad >= 0;
                report = report with
                {
                    Failed = [.. attempts.Where((_, index) => index == bad).Select(attempt => Failed(attempt, retryable: true))],
                    Rendered = [.. attempts.Where((_, index) => index != bad).Select(attempt => Rendered(attempt))],
                };
                await reports.Send(report, Token);
                await reports.Send(report, Token);
            });
        var workers = await host.Bus.GetSendEndpoint(new Uri($"queue:{Queues.Workers}"));
        await workers.Send(CoordinatorHost.Registered("worker-1", DateTimeOffset.UtcNow), Token);
        await EventuallyAsync(async () => (await host.GetAsync<List<object>>("/v1/models")).Count == 1);
        await workers.Send(CoordinatorHost.Beat("worker-1", DateTimeOffset.UtcNow) with { Throughput = 3 }, Token);
        await EventuallyAsync(async () => (await host.GetAsync<List<WorkerResponse>>("/v1/workers")).Single().Throughput == 3);
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a red circle", Seed = 1, NIter = 10 });
        await EventuallyAsync(async () => (await host.GetAsync<BatchResponse>(batch.Url)).FinishedAt is not null);

        var images = (await host.GetAsync<Page<ImageResponse>>(batch.ImagesUrl)).Items;
        Assert.All(images, image => Assert.Equal((ImageState.Succeeded, "worker-1", "cafe"), (image.State, image.WorkerId, image.Sha256)));
        Assert.Equal([1, 1, 1, 1, 1, 1, 1, 2, 1, 1], images.Select(image => image.Attempts));
        Assert.Equal(10, images.Select(image => image.ObjectKey).Distinct().Count());
    }
}
