using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Watching;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>What the dispatching coordinator looks after besides: attempts nobody will end, workers that are lost, deadlines, models that nobody holds.</summary>
public sealed partial class Upkeep(
    ImageLosses losses, ImageCancels cancels, BatchActions batches, WorkerRegister workers, Hearing hearing, ModelLoads loads, FarmMeter meter, TimeProvider time,
    IOptions<WorkerOptions> workerOptions, ILogger<Upkeep> logger)
{
    /// <summary>Does all of it once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Told(await losses.ExpireAsync(cancellationToken), "were not claimed in time");
        Told(await losses.AbandonAsync(time.GetUtcNow() - workerOptions.Value.LiveFor, cancellationToken), "were for a worker that takes no more work");
        hearing.Look();
        if (hearing.HasHeardFor(workerOptions.Value.LiveFor)) // else workers may have told what nobody took in
        {
            foreach (var ofWorker in (await losses.LoseAsync(time.GetUtcNow() - workerOptions.Value.LiveFor, cancellationToken)).GroupBy(image => image.WorkerId))
            {
                var images = LoggedImages.Text(ofWorker.Select(image => image.Id));
                LogLost(ofWorker.Key, ofWorker.Count(), images);
                meter.Failed(FailureReasons.Lost, ofWorker.Count());
            }
        }

        while (await cancels.OverdueAsync(cancellationToken) is { Count: > 0 } overdue)
        {
            Told(overdue, "passed their deadline");
        }

        if (await batches.FinishCancelsAsync(cancellationToken) is > 0 and var cancelled)
        {
            LogCancelled(cancelled);
        }

        await loads.TellAsync(cancellationToken);
    }

    /// <summary>Removes workers that have been silent for long.</summary>
    public Task RemoveWorkersAsync(CancellationToken cancellationToken) => workers.RemoveAsync(cancellationToken);

    private void Told(IReadOnlyList<MovedImage> moved, string what)
    {
        if (moved.Count > 0)
        {
            var images = LoggedImages.Text(moved.Select(image => image.Id));
            LogGivenUp(moved.Count, what, images);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} images {What}: {Images}")]
    private partial void LogGivenUp(int count, string what, string images);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} images were of cancelled batches")]
    private partial void LogCancelled(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} is lost; {Count} images that it had in hand are drawn elsewhere or given up: {Images}")]
    private partial void LogLost(string? workerId, int count, string images);
}
