using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>An accepted request. Never changes: what happens to it happens to its images.</summary>
public sealed class Batch
{
    /// <summary>A version 7 UUID of <see cref="CreatedAt"/>, so ids sort by age.</summary>
    public Guid Id { get; init; }

    /// <summary>The batch this one does again; null for a batch of its own.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>When it was accepted (UTC).</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

internal sealed class BatchTable : IEntityTypeConfiguration<Batch>
{
    public void Configure(EntityTypeBuilder<Batch> builder)
    {
        builder.ToTable("batches");
        builder.Property(batch => batch.Id).ValueGeneratedNever();
        builder.HasOne<Batch>().WithMany().HasForeignKey(batch => batch.OriginId).OnDelete(DeleteBehavior.SetNull);
    }
}
