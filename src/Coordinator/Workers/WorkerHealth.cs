using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Sets aside a worker on which everything fails, so that it does not use up the attempts of the whole backlog.</summary>
public sealed partial class WorkerHealth(FarmDb db, IOptions<WorkerOptions> options, ILogger<WorkerHealth> logger)
{
    /// <summary>Counts what a worker reports. Failures that no worker could do better with, and those of one batch alone, say nothing about it.</summary>
    public async Task JudgeAsync(ImagesReported report, CancellationToken cancellationToken)
    {
        if (report.Rendered.Count > 0)
        {
            await db.Workers.Where(worker => worker.Id == report.WorkerId && worker.FailuresInARow > 0)
                .ExecuteUpdateAsync(worker => worker.SetProperty(w => w.FailuresInARow, 0), cancellationToken);
            return;
        }

        var failures = report.Failed.Count(failed => failed.Retryable);
        if (failures == 0)
        {
            return;
        }

        await db.Workers.Where(worker => worker.Id == report.WorkerId)
            .ExecuteUpdateAsync(worker => worker.SetProperty(w => w.FailuresInARow, w => w.FailuresInARow + failures), cancellationToken);
        var limit = options.Value.MaxFailures;
        if (!await db.Workers.AnyAsync(worker => worker.Id == report.WorkerId && worker.SetAside == null && worker.FailuresInARow >= limit, cancellationToken))
        {
            return;
        }

        var last = await db.Attempts.Where(attempt => attempt.WorkerId == report.WorkerId && attempt.Outcome == AttemptOutcome.Failed)
            .OrderByDescending(attempt => attempt.Id).Take(limit)
            .Join(db.Images, attempt => attempt.ImageId, image => image.Id, (attempt, image) => image.BatchId).Distinct().CountAsync(cancellationToken);
        if (last > 1)
        {
            var reason = $"Its last {limit} attempts or more failed, of {last} batches. The last: {report.Failed[^1].Reason}".Storable();
            await db.Workers.Where(worker => worker.Id == report.WorkerId)
                .ExecuteUpdateAsync(worker => worker.SetProperty(w => w.SetAside, reason), cancellationToken);
            LogSetAside(report.WorkerId, reason);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Worker {WorkerId} is set aside: {Reason}")]
    private partial void LogSetAside(string workerId, string reason);
}
