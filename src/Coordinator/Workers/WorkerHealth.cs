using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Sets aside a worker on which everything fails, so that it does not use up the attempts of the whole backlog.</summary>
public sealed partial class WorkerHealth(FarmDb db, WorkerActions actions, IOptions<WorkerOptions> options, ILogger<WorkerHealth> logger)
{
    /// <summary>Counts what became of a worker's attempts. Failures that no worker could do better with say nothing about it, nor do those of one batch
    /// that nobody else drew anything of, nor those for the object store's sake while nobody else could store anything.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="drew">Whether there was a picture.</param>
    /// <param name="failed">Attempts that failed, each told once.</param>
    /// <param name="cancellationToken">Cancelled: perhaps it is counted.</param>
    public async Task JudgeAsync(string worker, bool drew, IReadOnlyList<ImageFailed> failed, CancellationToken cancellationToken)
    {
        var row = db.Workers.Where(row => row.Id == worker);
        if (drew)
        {
            await row.Where(row => row.FailuresInARow > 0).ExecuteUpdateAsync(row => row.SetProperty(w => w.FailuresInARow, 0), cancellationToken);
            return;
        }

        var failures = failed.Count(failed => failed.Retryable);
        if (failures == 0)
        {
            return;
        }

        await row.ExecuteUpdateAsync(row => row.SetProperty(w => w.FailuresInARow, w => w.FailuresInARow + failures), cancellationToken);
        var limit = options.Value.MaxFailures;
        if (!await row.AnyAsync(row => row.SetAside == null && row.FailuresInARow >= limit, cancellationToken) || !await IsItAsync(worker, failed[^1], limit, cancellationToken))
        {
            return;
        }

        var reason = $"Its last {limit} attempts or more failed, and not for what was asked for. The last: {failed[^1].Reason}".Storable();
        await row.ExecuteUpdateAsync(row => row.SetProperty(w => w.SetAside, reason), cancellationToken);
        LogSetAside(worker, reason);
        await actions.SetAsideAsync(worker, cancellationToken);
    }

    // and not what it was given to draw
    private async Task<bool> IsItAsync(string worker, ImageFailed last, int limit, CancellationToken cancellationToken)
    {
        var attempts = await db.Attempts.Where(attempt => attempt.WorkerId == worker && attempt.Outcome == AttemptOutcome.Failed)
            .OrderByDescending(attempt => attempt.Id).Take(limit)
            .Join(db.Images, attempt => attempt.ImageId, image => image.Id, (attempt, image) => new { attempt.Id, image.BatchId }).ToListAsync(cancellationToken);
        if (attempts.Count == 0)
        {
            return false; // deleted with their batches
        }

        var (first, batches) = (attempts.Min(attempt => attempt.Id), attempts.Select(attempt => attempt.BatchId).Distinct().ToList());
        if (last.Kind == FailureReasons.Objects && !await db.Database.SqlQuery<bool>(
                $"""SELECT EXISTS (SELECT FROM attempts WHERE id > {first} AND outcome = 'succeeded' AND worker_id <> {worker}) AS "Value" """).SingleAsync(cancellationToken))
        {
            return false;
        }

        return batches.Count > 1
            || await db.Images.AnyAsync(image => batches.Contains(image.BatchId) && image.State == ImageState.Succeeded && image.WorkerId != worker, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Worker {WorkerId} is set aside: {Reason}")]
    private partial void LogSetAside(string workerId, string reason);
}
