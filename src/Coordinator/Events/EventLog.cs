using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace StableDiffusion.Coordinator.Events;

/// <summary>Reads the stored events in their order.</summary>
internal sealed class EventLog(FarmDb db)
{
    /// <summary>Events of one answer of the database.</summary>
    public const int Page = 500;

    /// <summary>The next events, at most <see cref="Page"/>. What older transactions that still run may write comes before the rest, so the
    /// rest waits for them.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">From here on, this one left out.</param>
    /// <param name="upTo">To here, this one included; null for all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public Task<List<FarmEvent>> ReadAsync(EventFilter filter, EventPosition after, EventPosition? upTo, CancellationToken cancellationToken) => db.Events
        .FromSqlRaw("""
            SELECT * FROM events
            WHERE (transaction, id) > (@transaction, @id) AND transaction < pg_snapshot_xmin(pg_current_snapshot())
                AND (@last_transaction IS NULL OR (transaction, id) <= (@last_transaction, @last_id))
                AND (@batch IS NULL OR batch_id = @batch) AND (@owner IS NULL OR owner_id = @owner) AND (@types IS NULL OR type = ANY(@types))
            ORDER BY transaction, id LIMIT @limit
            """,
            Parameter("transaction", NpgsqlDbType.Xid8, after.Transaction), Parameter("id", NpgsqlDbType.Bigint, after.Id),
            Parameter("last_transaction", NpgsqlDbType.Xid8, upTo?.Transaction), Parameter("last_id", NpgsqlDbType.Bigint, upTo?.Id),
            Parameter("batch", NpgsqlDbType.Uuid, filter.BatchId), Parameter("owner", NpgsqlDbType.Integer, filter.OwnerId),
            Parameter("types", NpgsqlDbType.Array | NpgsqlDbType.Text, filter.Types?.ToArray()), Parameter("limit", NpgsqlDbType.Integer, Page))
        .AsNoTracking().ToListAsync(cancellationToken);

    /// <summary>After all that has happened for certain, before all that is still to come.</summary>
    public async Task<EventPosition> NowAsync(CancellationToken cancellationToken) => new(
        (ulong)await db.Database.SqlQuery<long>($"""SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "Value" """).SingleAsync(cancellationToken), 0);

    /// <summary>Whether something that came after it is no longer kept.</summary>
    public async Task<bool> IsForgottenAfterAsync(EventPosition position, CancellationToken cancellationToken) =>
        await db.EventMarks.AsNoTracking().SingleOrDefaultAsync(mark => mark.Name == EventMark.Removed, cancellationToken) is { } mark
        && new EventPosition(mark.Transaction, mark.EventId).IsAfter(position);

    /// <summary>Whether it is still to come, so that whoever knows of it knows another database: one that was restored since.</summary>
    public async Task<bool> IsToComeAsync(EventPosition position, CancellationToken cancellationToken) => position.IsAfter(await NowAsync(cancellationToken));

    /// <summary>Whether the batch is finished, or gone, and <paramref name="told"/> is the last of its events.</summary>
    public Task<bool> IsOverAsync(Guid batch, EventPosition told, CancellationToken cancellationToken) => db.Database.SqlQueryRaw<bool>("""
            SELECT NOT EXISTS (SELECT FROM batches WHERE id = @batch AND finished_at IS NULL)
                AND NOT EXISTS (SELECT FROM events WHERE batch_id = @batch AND (transaction, id) > (@transaction, @id)) AS "Value"
            """,
            Parameter("batch", NpgsqlDbType.Uuid, batch), Parameter("transaction", NpgsqlDbType.Xid8, told.Transaction), Parameter("id", NpgsqlDbType.Bigint, told.Id))
        .SingleAsync(cancellationToken);

    private static NpgsqlParameter Parameter(string name, NpgsqlDbType type, object? value) => new(name, type) { Value = value ?? DBNull.Value };
}
