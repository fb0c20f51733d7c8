using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Tests.Hosting;

/// <summary>What many tests say of images: submit some, take some, report of them, look at them.</summary>
internal static class Facts
{
    /// <summary>Ends what a test awaits when the run is stopped.</summary>
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>A batch of <paramref name="count"/> images, with its model known and one worker alive.</summary>
    public static async Task<BatchResponse> SubmitAsync(this CoordinatorHost host, int count)
    {
        await host.ReportWorkerAsync();
        return await host.SubmitAsync(new BatchRequest { Prompt = "a red circle", Seed = 7, NIter = count });
    }

    /// <summary>Opens an attempt for one image.</summary>
    public static async Task<(Guid ImageId, Guid AttemptId)> TakeOneAsync(this CoordinatorHost host, int window = 1000)
    {
        var taken = Assert.Single(await host.Claims.TakeAsync(CoordinatorHost.Model, window, Token));
        host.Db.ChangeTracker.Clear();
        return (taken.Image.Id, taken.Attempt.Id);
    }

    /// <summary>Submits one image, opens an attempt and lets a worker take it up.</summary>
    public static async Task<(Guid ImageId, Guid AttemptId)> RenderOneAsync(this CoordinatorHost host, string worker = "worker-1")
    {
        await host.SubmitAsync(1);
        var open = await host.TakeOneAsync();
        Assert.True(await host.Progress.StartAsync(Started(open, worker), Token));
        return open;
    }

    public static Task<Image> ImageAsync(this CoordinatorHost host, Guid id) => host.Db.Images.AsNoTracking().SingleAsync(image => image.Id == id);

    public static Task<Attempt> AttemptAsync(this CoordinatorHost host, Guid id) => host.Db.Attempts.AsNoTracking().SingleAsync(attempt => attempt.Id == id);

    public static ImageStarted Started((Guid ImageId, Guid AttemptId) of, string worker = "worker-1") =>
        new() { ImageId = of.ImageId, AttemptId = of.AttemptId, WorkerId = worker, Timestamp = DateTimeOffset.UnixEpoch };

    public static ImageProgressed Progressed((Guid ImageId, Guid AttemptId) of, int sequence, int step) =>
        new() { ImageId = of.ImageId, AttemptId = of.AttemptId, WorkerId = "worker-1", Timestamp = DateTimeOffset.UnixEpoch, Sequence = sequence, Step = step, Steps = 20 };

    public static ImageRendered Rendered((Guid ImageId, Guid AttemptId) of, string objectKey = "batches/x/1.png", string worker = "worker-1") => new()
    {
        ImageId = of.ImageId,
        AttemptId = of.AttemptId,
        WorkerId = worker,
        Timestamp = DateTimeOffset.UnixEpoch,
        ObjectKey = objectKey,
        Sha256 = "cafe",
        Bytes = 123,
        RenderTime = TimeSpan.FromSeconds(1.5),
        PeakMemory = 1L << 33,
    };

    public static ImageFailed Failed((Guid ImageId, Guid AttemptId) of, bool retryable, string reason = "out of memory") =>
        new() { ImageId = of.ImageId, AttemptId = of.AttemptId, WorkerId = "worker-1", Timestamp = DateTimeOffset.UnixEpoch, Reason = reason, Retryable = retryable };

    public static ImageReturned Returned((Guid ImageId, Guid AttemptId) of, string worker = "worker-1") =>
        new() { ImageId = of.ImageId, AttemptId = of.AttemptId, WorkerId = worker, Timestamp = DateTimeOffset.UnixEpoch };

    /// <summary>Waits, up to a minute, until what runs beside the test has made something true.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> isTrue)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Token);
        timeout.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await isTrue())
        {
            await Task.Delay(20, timeout.Token);
        }
    }
}
