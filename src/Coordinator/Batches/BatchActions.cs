using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>What owners do to batches. Each says first in the batch's row what is to be, so that nothing of it is dispatched or claimed against it, and
/// then brings the images there.</summary>
public sealed class BatchActions(FarmDb db, ImageCancels cancels, ImageReplays replays, WorkerCommands workers, DispatchSignal dispatch, TimeProvider time)
{
    private static readonly TimeSpan LongestCancel = TimeSpan.FromSeconds(10); // a large batch takes some seconds

    /// <summary>Withdraws all that is not at an end. False: there is no such batch.</summary>
    public async Task<bool> CancelAsync(Guid id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using (var transaction = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            var batch = await LockAsync(id, cancellationToken);
            if (batch is null)
            {
                return false;
            }

            if (batch is { CancelledAt: null, FinishedAt: null })
            {
                batch.CancelledAt = now;
                db.Events.Add(new FarmEvent { BatchId = id, OwnerId = batch.OwnerId, Type = EventTypes.BatchCancelled, Data = "{}" });
                await HoldAsync(id, true, cancellationToken);
                await db.SaveChangesAsync(cancellationToken);
            }

            await transaction.CommitAsync(cancellationToken);
        }

        await CancelImagesAsync(id, null, CancellationToken.None); // begun: a client that goes away changes nothing
        return true;
    }

    /// <summary>Withdraws these images, those that are not at an end; how many.</summary>
    public async Task<int> CancelImagesAsync(Guid id, IReadOnlyCollection<Guid>? images, CancellationToken cancellationToken)
    {
        var count = 0;
        while (await cancels.CancelAsync(id, images, cancellationToken) is { Count: > 0 } moved)
        {
            count += moved.Count;
            foreach (var ofWorker in moved.Where(image => image is { WorkerId: not null, AttemptId: not null }).GroupBy(image => image.WorkerId!))
            {
                await workers.TrySendAsync(ofWorker.Key, new CancelAttempts { Attempts = [.. ofWorker.Select(image => image.AttemptId!.Value)] }, cancellationToken);
            }
        }

        dispatch.Wake();
        return count;
    }

    /// <summary>Withdraws what is left of batches that were cancelled a while ago: the coordinator that began it died. How many images.</summary>
    public async Task<int> FinishCancelsAsync(CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - LongestCancel;
        var count = 0;
        foreach (var id in await db.Batches.Where(batch => batch.FinishedAt == null && batch.CancelledAt < before).Select(batch => batch.Id).ToListAsync(cancellationToken))
        {
            count += await CancelImagesAsync(id, null, cancellationToken);
        }

        return count;
    }

    /// <summary>Puts images that failed back into the backlog, or those named, cancelled ones too; how many.</summary>
    public async Task<int> ReplayAsync(Guid id, IReadOnlyCollection<Guid>? images, CancellationToken cancellationToken)
    {
        var moved = await replays.ReplayAsync(id, images, cancellationToken);
        dispatch.Wake();
        return moved.Count;
    }

    /// <summary>Changes when its images' turn comes, at once. False: there is no such batch.</summary>
    public async Task<bool> PrioritizeAsync(Guid id, int priority, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(id, cancellationToken) is not { } batch)
        {
            return false;
        }

        batch.Priority = priority;
        await db.SaveChangesAsync(cancellationToken);
        await db.Recipes.Where(recipe => recipe.BatchId == id).ExecuteUpdateAsync(recipe => recipe.SetProperty(r => r.Priority, priority), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        dispatch.Wake();
        return true;
    }

    /// <summary>Holds its images back, or lets them go on; what is being drawn is finished. False: there is no such batch.</summary>
    public async Task<bool> PauseAsync(Guid id, bool paused, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(id, cancellationToken) is not { } batch)
        {
            return false;
        }

        batch.PausedAt = paused ? batch.PausedAt ?? time.GetUtcNow() : null;
        await db.SaveChangesAsync(cancellationToken);
        await HoldAsync(id, paused || batch.CancelledAt is not null, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        dispatch.Wake();
        return true;
    }

    private Task<Batch?> LockAsync(Guid id, CancellationToken cancellationToken) =>
        db.Batches.FromSql($"SELECT * FROM batches WHERE id = {id} FOR UPDATE").SingleOrDefaultAsync(cancellationToken);

    private Task<int> HoldAsync(Guid id, bool held, CancellationToken cancellationToken) =>
        db.Recipes.Where(recipe => recipe.BatchId == id).ExecuteUpdateAsync(recipe => recipe.SetProperty(r => r.Held, held), cancellationToken);
}
