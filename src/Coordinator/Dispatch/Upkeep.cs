using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Batches;
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
        Told((await losses.ExpireAsync(cancellationToken)).Count, "were not claimed in time");
        Told((await losses.AbandonAsync(time.GetUtcNow() - workerOptions.Value.LiveFor, cancellationToken)).Count, "were for a worker that takes no more work");
        hearing.Look();
        if (hearing.HasHeardFor(workerOptions.Value.LiveFor)) // else workers may have told what nobody took in
        {
            foreach (var ofWorker in (await losses.LoseAsync(time.GetUtcNow() - workerOptions.Value.LiveFor, cancellationToken)).GroupBy(image => image.WorkerId))
            {
                LogLost(ofWorker.Key, ofWorker.Count());
                meter.Failed(FailureReasons.Lost, ofWorker.Count());
            }
        }

        while (await cancels.OverdueAsync(cancellationToken) is { Count: > 0 } overdue)
        {
            Told(overdue.Count, "passed their deadline");
        }

        Told(await batches.FinishCancelsAsync(cancellationToken), "were of cancelled batches");
        await loads.TellAsync(cancellationToken);
    }

    /// <summary>Removes workers that have been silent for long.</summary>
    public Task RemoveWorkersAsync(CancellationToken cancellationToken) => workers.RemoveAsync(cancellationToken);

    private void Told(int count, string what)
    {
        if (count > 0)
        {
            LogGivenUp(count, what);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} images {What}")]
    private partial void LogGivenUp(int count, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} is lost; {Count} images that it had in hand are drawn elsewhere or given up")]
    private partial void LogLost(string? workerId, int count);
}
