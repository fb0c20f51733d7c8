using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>
/// One round: give up what is lost, then fill each model's window from the backlog. The rows are committed before their
/// commands are published; a crash in between leaves attempts that nobody will start, and their leases bring them back.
/// </summary>
public sealed partial class DispatchRound(
    ImageClaims claims, ImageEnds ends, WorkerRegister workers, ISendEndpointProvider bus, TimeProvider time,
    IOptions<DispatchOptions> options, IOptions<ImageOptions> imageOptions, ILogger<DispatchRound> logger)
{
    /// <summary>Runs the round; how many images were published.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var expired = await ends.ExpireAsync(cancellationToken);
        if (expired > 0)
        {
            LogExpired(expired);
        }

        var published = 0;
        var models = await workers.Live.Select(worker => worker.Models).ToListAsync(cancellationToken);
        foreach (var (model, holders) in models.SelectMany(held => held.Distinct()).CountBy(model => model))
        {
            var taken = await claims.TakeAsync(model, options.Value.WindowPerWorker * holders, cancellationToken);
            foreach (var group in Groups(taken, holders))
            {
                published += await PublishAsync(model, group, cancellationToken) ? group.Length : 0;
            }
        }

        return published;
    }

    // Images that may share a network call, in groups small enough that every worker gets some.
    private IEnumerable<TakenImage[]> Groups(IReadOnlyList<TakenImage> taken, int workersOfModel)
    {
        var size = Math.Clamp((taken.Count + workersOfModel - 1) / workersOfModel, 1, options.Value.GroupSize);
        return taken
            .GroupBy(t => t.Image.GroupKey)
            .SelectMany(compatible => compatible.Chunk(WholeCalls(size, compatible.First().Image.Settings.BatchClass)));
    }

    // a call of the networks is never split between workers: what it lacks of its class would be filled up on both
    private static int WholeCalls(int size, int batchClass) => Math.Max(size / batchClass, 1) * batchClass;

    private async Task<bool> PublishAsync(string model, TakenImage[] group, CancellationToken cancellationToken)
    {
        Guid[] attempts = [.. group.Select(taken => taken.Attempt.Id)];
        var now = time.GetUtcNow();
        var command = new RenderImages
        {
            Model = model,
            Timestamp = now,
            ExpiresAt = now + imageOptions.Value.QueueLease,
            Images = [.. group.Select(taken => new ImageToRender
            {
                ImageId = taken.Image.Id,
                AttemptId = taken.Attempt.Id,
                ObjectKey = taken.Attempt.ObjectKey,
                Settings = taken.Image.Settings,
                LivePreview = taken.Image.LivePreview,
            })],
        };
        try
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(options.Value.PublishTimeout);
            var queue = await bus.GetSendEndpoint(new Uri($"queue:{Queues.Render(model)}"));
            await queue.Send(command, context => context.TimeToLive = imageOptions.Value.QueueLease, timeout.Token);
        }
        // whatever the transport throws, the images must not wait for their leases
        catch (Exception e)
        {
            LogNotPublished(e, group.Length, model);
            await claims.UnpublishedAsync(attempts, CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }

        await claims.PublishedAsync(attempts, CancellationToken.None);
        LogPublished(group.Length, model);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Published {Count} images to {Model}")]
    private partial void LogPublished(int count, string model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not publish {Count} images to {Model}; they wait again")]
    private partial void LogNotPublished(Exception exception, int count, string model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Gave up {Count} attempts that were not heard of in time")]
    private partial void LogExpired(int count);
}
