using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Images.Lifecycle;

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

    /// <summary>Opens attempts for the first waiting images, whatever their lanes.</summary>
    public static async Task<IReadOnlyList<TakenImage>> TakeAsync(this CoordinatorHost host, int count = 1)
    {
        var lanes = await host.Db.Recipes.AsNoTracking().OrderBy(recipe => recipe.Id).Select(recipe => recipe.Id).ToListAsync(Token);
        var taken = new List<TakenImage>();
        foreach (var lane in lanes.TakeWhile(_ => taken.Count < count))
        {
            taken.AddRange(await host.Get<ImageClaims>().TakeAsync([(lane, count - taken.Count)], Token));
        }

        return taken;
    }

    /// <summary>Opens an attempt for one image.</summary>
    public static async Task<AttemptReference> TakeOneAsync(this CoordinatorHost host)
    {
        var taken = Assert.Single(await host.TakeAsync());
        return new AttemptReference(taken.Id, taken.AttemptId);
    }

    /// <summary>Submits one image, opens an attempt and lets a worker claim it.</summary>
    public static async Task<AttemptReference> RenderOneAsync(this CoordinatorHost host, string worker = "worker-1")
    {
        await host.SubmitAsync(1);
        var open = await host.TakeOneAsync();
        Assert.True(await host.ClaimAsync(open, worker));
        return open;
    }

    public static async Task<bool> ClaimAsync(this CoordinatorHost host, AttemptReference of, string worker = "worker-1") =>
        (await host.Get<ImageClaims>().ClaimAsync(Claim(worker, of), Token)).Count == 1;

    public static async Task<bool> ProgressAsync(this CoordinatorHost host, ImageProgressed news) => await host.Get<ImageProgress>().ReportAsync([news], Token) == 1;

    public static async Task<bool> SucceedAsync(this CoordinatorHost host, ImageRendered news, string worker = "worker-1") =>
        (await host.Get<ImageEnds>().SucceedAsync(worker, [news], Token)).Count == 1;

    public static async Task<bool> FailAsync(this CoordinatorHost host, ImageFailed news, string worker = "worker-1") =>
        (await host.Get<ImageEnds>().FailAsync(worker, [news], Token)).Count == 1;

    public static async Task<bool> ReturnAsync(this CoordinatorHost host, AttemptReference of, string worker = "worker-1") =>
        (await host.Get<ImageEnds>().ReturnAsync(worker, [of], Token)).Count == 1;

    public static Task<Image> ImageAsync(this CoordinatorHost host, Guid id) => host.Db.Images.AsNoTracking().SingleAsync(image => image.Id == id);

    public static Task<Attempt> AttemptAsync(this CoordinatorHost host, Guid id) => host.Db.Attempts.AsNoTracking().SingleAsync(attempt => attempt.Id == id);

    public static Task<Batch> BatchAsync(this CoordinatorHost host, Guid id) => host.Db.Batches.AsNoTracking().SingleAsync(batch => batch.Id == id);

    /// <summary>Types of a batch's events, in order.</summary>
    public static Task<List<string>> EventsAsync(this CoordinatorHost host, Guid batch) =>
        host.Db.Events.Where(row => row.BatchId == batch).OrderBy(row => row.Id).Select(row => row.Type).ToListAsync(Token);

    public static ClaimImages Claim(string worker, params AttemptReference[] attempts) => new() { WorkerId = worker, Timestamp = DateTimeOffset.UnixEpoch, Attempts = attempts };

    public static ImageProgressed Progressed(AttemptReference of, int sequence, int step) =>
        new() { ImageId = of.ImageId, AttemptId = of.AttemptId, Sequence = sequence, Step = step, Steps = 20 };

    public static ImageRendered Rendered(AttemptReference of, string sha256 = "cafe") => new()
    {
        ImageId = of.ImageId,
        AttemptId = of.AttemptId,
        Sha256 = sha256,
        Bytes = 123,
        RenderTime = TimeSpan.FromSeconds(1.5),
        PeakMemory = 1L << 33,
    };

    public static ImageFailed Failed(AttemptReference of, bool retryable, string reason = "out of memory") =>
        new() { ImageId = of.ImageId, AttemptId = of.AttemptId, Reason = reason, Retryable = retryable };

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
