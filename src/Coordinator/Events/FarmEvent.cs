using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace StableDiffusion.Coordinator.Events;

/// <summary>
/// What happened to a batch or some of its images, written in the transaction in which it happened. Read in the order of
/// (<see cref="Transaction"/>, <see cref="Id"/>) and only where every older transaction has ended: so nothing that commits late is skipped.
/// </summary>
public sealed class FarmEvent
{
    /// <summary>Rises within a transaction. Set by the database.</summary>
    public long Id { get; init; }

    /// <summary>The transaction that wrote it. Set by the database.</summary>
    public ulong Transaction { get; init; }

    /// <summary>When (UTC).</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The batch.</summary>
    public Guid BatchId { get; init; }

    /// <summary>The batch's owner.</summary>
    public int OwnerId { get; init; }

    /// <summary>One of <see cref="EventTypes"/>.</summary>
    public required string Type { get; init; }

    /// <summary>JSON: the rest of an <see cref="Contracts.Events.EventResponse"/>, <c>{"images":[{"id":…,"index":…,…}]}</c>.</summary>
    public required string Data { get; init; }

    /// <summary>Its place among all.</summary>
    internal EventPosition Position => new(Transaction, Id);
}

internal sealed class FarmEventTable : IEntityTypeConfiguration<FarmEvent>
{
    public void Configure(EntityTypeBuilder<FarmEvent> builder)
    {
        builder.ToTable("events");
        builder.Property(row => row.Id).UseIdentityAlwaysColumn();
        builder.Property(row => row.Transaction).HasColumnType("xid8").HasDefaultValueSql("pg_current_xact_id()");
        builder.Property(row => row.At).HasDefaultValueSql("now()");
        builder.Property(row => row.Data).HasColumnType("jsonb");
        builder.HasKey(row => new { row.Transaction, row.Id });
        builder.HasIndex(row => new { row.BatchId, row.Transaction, row.Id }).HasDatabaseName("ix_events_batch");
    }
}
