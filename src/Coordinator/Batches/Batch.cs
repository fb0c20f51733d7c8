using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Coordinator.Owners;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>An accepted request. How far it is stands in its images' rows.</summary>
public sealed class Batch
{
    /// <summary>A version 7 UUID of <see cref="CreatedAt"/>, so ids sort by age.</summary>
    public Guid Id { get; init; }

    /// <summary>Whose it is.</summary>
    public int OwnerId { get; init; } = Owner.Default;

    /// <summary>The batch this one does again; null for a batch of its own.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>When it was accepted (UTC).</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>What its owner calls it; null when nothing.</summary>
    public string? Name { get; init; }

    /// <summary>Words to find it by.</summary>
    public List<string> Tags { get; init; } = [];

    /// <summary>Higher goes first.</summary>
    public int Priority { get; set; }

    /// <summary>What is not begun by then is given up (UTC); null for never.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>How many images it has.</summary>
    public int Images { get; init; }

    /// <summary>How many of them have not reached their end; kept by their transitions.</summary>
    public int Open { get; set; }

    /// <summary>Whether its owner wants to see images while they are drawn.</summary>
    public bool LivePreview { get; init; }

    /// <summary>W3C trace context of the request; null when it was not traced.</summary>
    public string? TraceParent { get; init; }

    /// <summary>Set while none of its images may be dispatched (UTC).</summary>
    public DateTimeOffset? PausedAt { get; set; }

    /// <summary>When it was withdrawn (UTC). From then on none of its images is dispatched or claimed.</summary>
    public DateTimeOffset? CancelledAt { get; set; }

    /// <summary>When its last image reached its end (UTC). Null before, and again once one is retried.</summary>
    public DateTimeOffset? FinishedAt { get; set; }
}

internal sealed class BatchTable : IEntityTypeConfiguration<Batch>
{
    public void Configure(EntityTypeBuilder<Batch> builder)
    {
        builder.ToTable("batches");
        builder.Property(batch => batch.Id).ValueGeneratedNever();
        builder.HasOne<Owner>().WithMany().HasForeignKey(batch => batch.OwnerId).OnDelete(DeleteBehavior.Restrict);
        builder.HasOne<Batch>().WithMany().HasForeignKey(batch => batch.OriginId).OnDelete(DeleteBehavior.SetNull);
        builder.HasIndex(batch => batch.OwnerId).HasDatabaseName("ix_batches_owner");
        // the quotas': as large as what is not finished
        builder.HasIndex(batch => batch.OwnerId, "ix_batches_owner_open").HasFilter("finished_at IS NULL");
        builder.HasIndex(batch => batch.OriginId).HasDatabaseName("ix_batches_origin");
        builder.HasIndex(batch => batch.Tags).HasMethod("gin").HasDatabaseName("ix_batches_tags");
        builder.HasIndex(batch => batch.FinishedAt).HasFilter("finished_at IS NOT NULL").HasDatabaseName("ix_batches_finished"); // what is kept for long enough
        // as large as what is not finished
        builder.HasIndex(batch => batch.CreatedAt).HasFilter("finished_at IS NULL").HasDatabaseName("ix_batches_open");
    }
}
