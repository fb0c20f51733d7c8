using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Coordinator.Owners;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>An address that an owner wants to be told what happens.</summary>
public sealed class Webhook
{
    /// <summary>A version 7 UUID.</summary>
    public Guid Id { get; init; }

    /// <summary>Whose batches it is told of.</summary>
    public int OwnerId { get; init; }

    /// <summary>Where events are posted.</summary>
    public required string Url { get; set; }

    /// <summary>The signatures' key, whsec_BASE64. Kept as it is, since every delivery is signed with it.</summary>
    public required string Secret { get; set; }

    /// <summary>The key before <see cref="Secret"/>, signed with as well for a while. Null when there was none.</summary>
    public string? FormerSecret { get; set; }

    /// <summary>Until when (UTC). Null when there was none.</summary>
    public DateTimeOffset? FormerSecretUntil { get; set; }

    /// <summary>Kinds of events; empty for all.</summary>
    public List<string> Types { get; set; } = [];

    /// <summary>Of this batch alone; null for any.</summary>
    public Guid? BatchId { get; init; }

    /// <summary>Of batches with this tag alone; null for any.</summary>
    public string? Tag { get; init; }

    /// <summary>Whether events are sent.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Why the farm disabled it. Null while enabled, and when its owner did.</summary>
    public string? DisabledReason { get; set; }

    /// <summary>When the first of the tries failed that failed since the last that did not (UTC). Null when the last went well.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    /// <summary>Told of what later transactions write: the database's when it was last enabled.</summary>
    public ulong Since { get; set; }

    /// <summary>When it was added (UTC).</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>What deliveries are signed with, the newest key first.</summary>
    internal IEnumerable<string> SecretsAt(DateTimeOffset now) => FormerSecret is { } former && FormerSecretUntil > now ? [Secret, former] : [Secret];
}

internal sealed class WebhookTable : IEntityTypeConfiguration<Webhook>
{
    public void Configure(EntityTypeBuilder<Webhook> builder)
    {
        builder.ToTable("webhooks");
        builder.Property(webhook => webhook.Id).ValueGeneratedNever();
        builder.Property(webhook => webhook.Since).HasColumnType("xid8").HasDefaultValueSql("pg_current_xact_id()");
        builder.HasOne<Owner>().WithMany().HasForeignKey(webhook => webhook.OwnerId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(webhook => new { webhook.OwnerId, webhook.Id }).HasDatabaseName("ix_webhooks_owner");
    }
}
