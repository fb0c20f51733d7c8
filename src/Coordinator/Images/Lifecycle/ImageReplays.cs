using Microsoft.EntityFrameworkCore;
using Npgsql;
using StableDiffusion.Coordinator.Owners.Limits;

namespace StableDiffusion.Coordinator.Images.Lifecycle;

/// <summary>Images out of the dead letters; see <see cref="ImageTransitions"/>.</summary>
public sealed class ImageReplays(FarmDb db, ImageTransitions transitions, Quotas quotas, TimeProvider time)
{
    /// <summary>Failed or cancelled images wait again as if they had never been tried. The batch is open again, no longer cancelled, and without a deadline that has passed.</summary>
    /// <param name="batch">Their batch.</param>
    /// <param name="images">Which; null for all that failed, cancelled ones only when named.</param>
    /// <param name="cancellationToken">Cancelled: all or nothing has happened.</param>
    /// <exception cref="QuotaExceededException">More would wait than their owner may have waiting; nothing has happened.</exception>
    public async Task<IReadOnlyList<MovedImage>> ReplayAsync(Guid batch, IReadOnlyCollection<Guid>? images, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // first the batch, as everything does that closes it, so that what comes between sees one or the other
        if (await db.Database.SqlQuery<int>($"""SELECT owner_id AS "Value" FROM batches WHERE id = {batch} FOR UPDATE""").ToListAsync(cancellationToken) is not [var owner])
        {
            return [];
        }

        var moved = await transitions.RunAsync($"""
            WITH gone AS (
                SELECT id FROM images
                WHERE batch_id = @batch AND {(images is null ? "state = 'failed'" : "state IN ('failed', 'cancelled') AND id = ANY(@images)")} FOR UPDATE),
            moved AS (
                UPDATE images i SET
                    {ImageTransitions.Leave}, state = 'queued', not_before = NULL, finished_at = NULL, failures = 0, losses = 0
                FROM gone WHERE i.id = gone.id
                RETURNING {ImageTransitions.Moved}, NULL::uuid AS ended, NULL::text AS outcome)
            """, now, cancellationToken, images is null ? [new NpgsqlParameter("batch", batch)] : [new("batch", batch), new("images", images)]);
        if (moved.Count > 0)
        {
            await quotas.CheckRetryAsync(owner, moved.Count, cancellationToken);
            await db.Database.ExecuteSqlAsync(
                $"UPDATE batches SET open = open + {moved.Count}, finished_at = NULL, cancelled_at = NULL, deadline = CASE WHEN deadline > {now} THEN deadline END WHERE id = {batch}", cancellationToken);
            await db.Database.ExecuteSqlAsync(
                $"UPDATE recipes SET held = (SELECT paused_at IS NOT NULL FROM batches WHERE id = {batch}) WHERE batch_id = {batch}", cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return moved;
    }
}
