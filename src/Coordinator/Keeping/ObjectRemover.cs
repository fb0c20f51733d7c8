using Microsoft.EntityFrameworkCore;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>Removes objects that were let go of. Several coordinators may do so at once, each its own.</summary>
public sealed class ObjectRemover(FarmDb db, IObjectStore objects)
{
    private const int Chunk = 100;

    /// <summary>Removes all there are; how many. One that the store refuses to remove is met again the next time.</summary>
    /// <exception cref="ObjectStoreException">The store is away or refuses.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        for (var count = 0; ;)
        {
            // the rows go with the objects or not at all; an object that is gone without its row is removed once more, which is no error
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            var keys = await db.Database.SqlQuery<string>($"""
                DELETE FROM object_removals WHERE key IN (SELECT key FROM object_removals LIMIT {Chunk} FOR UPDATE SKIP LOCKED) RETURNING key AS "Value"
                """).ToListAsync(cancellationToken);
            await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
                async (key, token) => await objects.DeleteAsync(key, token));
            await transaction.CommitAsync(cancellationToken);
            count += keys.Count;
            if (keys.Count < Chunk)
            {
                return count;
            }
        }
    }
}
