using MassTransit;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Watching;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>Publishes groups whose attempts are committed.</summary>
public sealed partial class GroupPublisher(
    Backlog backlog, Fleet fleet, ImageLosses losses, FarmMeter meter, ISendEndpointProvider bus, TimeProvider time, IOptions<DispatchOptions> options, IOptions<ImageOptions> imageOptions,
    ILogger<GroupPublisher> logger)
{
    /// <summary>Sends a command for each group to the model's queue, or to a worker's own; how many images got through. What the broker does not take waits again.</summary>
    public async Task<int> PublishAsync(string model, string? worker, IEnumerable<TakenImage[]> groups, CancellationToken cancellationToken)
    {
        TakenImage[][] all = [.. groups];
        var known = await backlog.SettingsAsync(all.SelectMany(group => group).Select(image => image.RecipeId), CancellationToken.None);
        var ready = all.Select(group => (Images: group, Settings: group.Select(image => known.GetValueOrDefault(image.RecipeId)).FirstOrDefault(found => found is not null)))
            .Where(group => group.Settings is not null).ToList(); // else their batches were deleted just now
        if (ready.Count == 0)
        {
            return 0;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(options.Value.PublishTimeout);
        var sent = await Task.WhenAll(ready.Select(group => SendAsync(model, worker, group.Settings!, group.Images, timeout.Token)));
        TakenImage[] unsent = [.. ready.Where((_, index) => !sent[index]).SelectMany(group => group.Images)];
        if (unsent.Length > 0)
        {
            await losses.UnpublishedAsync([.. unsent.Select(image => image.Id)], [.. unsent.Select(image => image.AttemptId)], CancellationToken.None);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return ready.Sum(group => group.Images.Length) - unsent.Length;
    }

    private async Task<bool> SendAsync(string model, string? worker, ImageSettings settings, TakenImage[] group, CancellationToken cancellationToken)
    {
        using var spans = FarmTraces.Dispatching(group, model);
        var command = new RenderImages
        {
            Model = model,
            Checkpoint = fleet.CheckpointOf(model),
            WorkerId = worker,
            Timestamp = time.GetUtcNow(),
            Settings = settings,
            Alone = group[0].Losses > 0,
            Images = [.. group.Select(image => new ImageToRender
            {
                ImageId = image.Id,
                BatchId = image.BatchId,
                AttemptId = image.AttemptId,
                ObjectKey = image.ObjectKey,
                Prompt = image.Prompt,
                NegativePrompt = image.NegativePrompt,
                Prompt2 = image.Prompt2,
                NegativePrompt2 = image.NegativePrompt2,
                Seed = image.Seed,
                LivePreview = image.LivePreview,
                TraceParent = spans?.Of(image) ?? image.TraceParent,
            })],
        };
        try
        {
            var queue = await bus.GetSendEndpoint(worker is null ? new Uri($"queue:{Queues.Render(model)}") : Queues.RenderOnAddress(worker));
            // not given up by the transport: a channel on which a declaration was cancelled answers no other. What arrives late is refused to who claims it.
            await queue.Send(command, context => context.TimeToLive = imageOptions.Value.QueueLease, CancellationToken.None).WaitAsync(cancellationToken);
            meter.Published(model, group.Length);
            LogPublished(group.Length, model);
            return true;
        }
        // whatever the transport throws, the images must not wait for their leases
        catch (Exception e)
        {
            var images = LoggedImages.Text(group.Select(image => image.Id));
            LogNotPublished(e, group.Length, model, images);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Published {Count} images to {Model}")]
    private partial void LogPublished(int count, string model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not publish {Count} images to {Model}; they wait again: {Images}")]
    private partial void LogNotPublished(Exception exception, int count, string model, string images);
}
