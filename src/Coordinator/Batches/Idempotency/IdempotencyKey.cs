using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace StableDiffusion.Coordinator.Batches.Idempotency;

/// <summary>A request that made a batch, so that the same request sent again is answered with the same batch.</summary>
public sealed class IdempotencyKey
{
    /// <summary>Whose.</summary>
    public int OwnerId { get; init; }

    /// <summary>As the client named it.</summary>
    public required string Key { get; init; }

    /// <summary>SHA-256 of what was asked.</summary>
    public required byte[] RequestHash { get; init; }

    /// <summary>The batch. No foreign key: the key is there first, so that who comes second waits before it does any work, and outlives the batch.</summary>
    public Guid BatchId { get; init; }

    /// <summary>When it was accepted (UTC).</summary>
    public DateTimeOffset CreatedAt { get; init; }
}

internal sealed class IdempotencyKeyTable : IEntityTypeConfiguration<IdempotencyKey>
{
    public void Configure(EntityTypeBuilder<IdempotencyKey> builder)
    {
        builder.ToTable("idempotency_keys");
        builder.HasKey(key => new { key.OwnerId, key.Key });
        builder.HasOne<Owners.Owner>().WithMany().HasForeignKey(key => key.OwnerId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(key => key.CreatedAt).HasDatabaseName("ix_idempotency_keys_created");
    }
}
