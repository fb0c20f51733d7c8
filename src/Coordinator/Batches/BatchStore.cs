using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Writes accepted batches: the batch and all its images, or nothing.</summary>
public sealed class BatchStore(FarmDb db, DispatchSignal dispatch, TimeProvider time)
{
    /// <summary>Stores a batch with one queued image for each of <paramref name="images"/>, and wakes the dispatcher.</summary>
    /// <param name="images">In order; at least one.</param>
    /// <param name="livePreviews">Whether they are to be seen while they are drawn.</param>
    /// <param name="originId">The batch this one does again, or null.</param>
    /// <param name="cancellationToken">Cancelled: nothing is stored.</param>
    public async Task<Batch> AddAsync(IReadOnlyList<ResolvedImage> images, bool livePreviews, Guid? originId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var batch = new Batch { Id = Guid.CreateVersion7(now), OriginId = originId, CreatedAt = now };
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        db.Batches.Add(batch);
        await db.SaveChangesAsync(cancellationToken);
        await CopyAsync(batch, images, livePreviews, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        dispatch.Wake();
        return batch;
    }

    // COPY: 100,000 rows in a second or two, where INSERTs would take many times that
    private async Task CopyAsync(Batch batch, IReadOnlyList<ResolvedImage> images, bool livePreviews, CancellationToken cancellationToken)
    {
        var queued = JsonNamingPolicy.SnakeCaseLower.ConvertName(nameof(ImageState.Queued));
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        await using var copy = await connection.BeginBinaryImportAsync("""
            COPY images (id, batch_id, index, created_at, state, attempts, failures, step, sequence, steps, settings, group_key, live_preview)
            FROM STDIN (FORMAT BINARY)
            """, cancellationToken);
        foreach (var (index, (settings, groupKey)) in images.Index())
        {
            await copy.StartRowAsync(cancellationToken);
            await copy.WriteAsync(Guid.CreateVersion7(batch.CreatedAt), NpgsqlDbType.Uuid, cancellationToken);
            await copy.WriteAsync(batch.Id, NpgsqlDbType.Uuid, cancellationToken);
            await copy.WriteAsync(index, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(batch.CreatedAt, NpgsqlDbType.TimestampTz, cancellationToken);
            await copy.WriteAsync(queued, NpgsqlDbType.Text, cancellationToken);
            foreach (var zero in new[] { 0, 0, 0, 0 }) // attempts, failures, step, sequence
            {
                await copy.WriteAsync(zero, NpgsqlDbType.Integer, cancellationToken);
            }

            await copy.WriteAsync(settings.Steps, NpgsqlDbType.Integer, cancellationToken);
            await copy.WriteAsync(settings.ToJson(), NpgsqlDbType.Jsonb, cancellationToken);
            await copy.WriteAsync(groupKey, NpgsqlDbType.Text, cancellationToken);
            await copy.WriteAsync(livePreviews, NpgsqlDbType.Boolean, cancellationToken);
        }

        await copy.CompleteAsync(cancellationToken);
    }
}
