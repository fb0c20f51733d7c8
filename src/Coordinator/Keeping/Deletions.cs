using Microsoft.EntityFrameworkCore;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Events;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>Deletes batches and pictures: rows first, and with them the note of what is to go from the object store.</summary>
public sealed class Deletions(FarmDb db, BatchActions actions, RemovalSignal removals, TimeProvider time)
{
    /// <summary>Deletes a batch with all its images and pictures; what is not drawn yet is withdrawn first. False: there is no such batch.</summary>
    public async Task<bool> DeleteBatchAsync(Guid id, CancellationToken cancellationToken)
    {
        if (!await actions.CancelAsync(id, cancellationToken))
        {
            return false;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(CancellationToken.None);
        // of every attempt: one that did not end well may have left something, too
        await db.Database.ExecuteSqlAsync($"""
            INSERT INTO object_removals (key)
            SELECT a.object_key FROM images i JOIN attempts a ON a.image_id = i.id WHERE i.batch_id = {id} ON CONFLICT DO NOTHING
            """, CancellationToken.None);
        await db.Database.ExecuteSqlAsync($"DELETE FROM events WHERE batch_id = {id}", CancellationToken.None);
        await db.Database.ExecuteSqlAsync($"""
            WITH gone AS (DELETE FROM batches WHERE id = {id} RETURNING id, owner_id, tags)
            INSERT INTO events (batch_id, owner_id, type, data) SELECT id, owner_id, {EventTypes.BatchDeleted}, jsonb_build_object('tags', tags) FROM gone
            """, CancellationToken.None);
        await transaction.CommitAsync(CancellationToken.None);
        removals.Wake();
        return true;
    }

    /// <summary>Deletes the picture of an image that has one. Its row stays, and tells that.</summary>
    /// <returns>False: it has none.</returns>
    public async Task<bool> DeletePictureAsync(Guid id, CancellationToken cancellationToken)
    {
        var count = await db.Database.ExecuteSqlAsync($"""
            WITH gone AS (
                UPDATE images SET deleted_at = {time.GetUtcNow()} WHERE id = {id} AND state = 'succeeded' AND deleted_at IS NULL RETURNING object_key)
            INSERT INTO object_removals (key) SELECT object_key FROM gone ON CONFLICT DO NOTHING
            """, cancellationToken);
        removals.Wake();
        return count == 1;
    }
}
