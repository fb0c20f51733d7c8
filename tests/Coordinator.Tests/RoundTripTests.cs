using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
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
            await databases.NewAsync(), new() { ["Images:RetryDelay"] = "00:00:00.1", ["Dispatch:WindowPerWorker"] = "4" }, dispatcherRuns: true, async (host, command) =>
            {
                foreach (var image in command.Images)
                {
                    var of = (image.ImageId, image.AttemptId);
                    await host.Bus.Publish(Started(of), Token);
                    await host.Bus.Publish(Progressed(of, 1, 10), Token);
                    if (image.Settings.Seed == 8 && !failedOnce)
                    {
                        failedOnce = true;
                        await host.Bus.Publish(Failed(of, retryable: true), Token);
                    }
                    else
                    {
                        await host.Bus.Publish(Rendered(of, image.ObjectKey), Token);
                        await host.Bus.Publish(Rendered(of, image.ObjectKey), Token);
                    }
                }
            });
        await host.Bus.Publish(CoordinatorHost.Report("worker-1", DateTimeOffset.UtcNow), Token);
        await EventuallyAsync(async () => (await host.GetAsync<List<object>>("/v1/models")).Count == 1);
        var batch = await host.SubmitAsync(new BatchRequest { Prompt = "a red circle", Seed = 1, NIter = 10 });
        await EventuallyAsync(async () => (await host.GetAsync<BatchResponse>(batch.Url)).FinishedAt is not null);

        var images = (await host.GetAsync<Page<ImageResponse>>(batch.ImagesUrl)).Items;
        Assert.All(images, image => Assert.Equal((ImageState.Succeeded, "worker-1", "cafe"), (image.State, image.WorkerId, image.Sha256)));
        Assert.Equal([1, 1, 1, 1, 1, 1, 1, 2, 1, 1], images.Select(image => image.Attempts));
        Assert.Equal(10, images.Select(image => image.ObjectKey).Distinct().Count());
    }
}
