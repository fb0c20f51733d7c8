using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Batches.Idempotency;

/// <summary>Remembers which request made which batch.</summary>
public sealed class IdempotencyKeys(FarmDb db, IOptions<BatchesOptions> options, TimeProvider time)
{
    private const int Sweep = 100; // old keys that a new one takes with it

    /// <summary>What an owner asked with a key before; null when nothing, or too long ago.</summary>
    public Task<IdempotencyKey?> FindAsync(int ownerId, SubmissionKey key, CancellationToken cancellationToken)
    {
        var oldest = Oldest();
        return db.IdempotencyKeys.AsNoTracking().SingleOrDefaultAsync(k => k.OwnerId == ownerId && k.Key == key.Key && k.CreatedAt >= oldest, cancellationToken);
    }

    /// <summary>Takes a key for a batch, in the transaction that adds it. Waits while another that took it is not over.</summary>
    /// <returns>False: the key is another batch's, and nothing of the transaction must be kept.</returns>
    public async Task<bool> ClaimAsync(int ownerId, SubmissionKey key, Guid batchId, CancellationToken cancellationToken)
    {
        await db.Database.ExecuteSqlAsync($"""
            DELETE FROM idempotency_keys WHERE (owner_id, key) IN (
                SELECT owner_id, key FROM idempotency_keys WHERE created_at < {Oldest()} ORDER BY created_at LIMIT {Sweep} FOR UPDATE SKIP LOCKED)
            """, cancellationToken);
        return await db.Database.ExecuteSqlAsync($"""
            INSERT INTO idempotency_keys AS k (owner_id, key, request_hash, batch_id, created_at) VALUES ({ownerId}, {key.Key}, {key.Hash}, {batchId}, {time.GetUtcNow()})
            ON CONFLICT (owner_id, key) DO UPDATE SET request_hash = excluded.request_hash, batch_id = excluded.batch_id, created_at = excluded.created_at
            WHERE k.created_at < {Oldest()}
            """, cancellationToken) == 1;
    }

    private DateTimeOffset Oldest() => time.GetUtcNow() - options.Value.KeepIdempotencyKeys;
}
