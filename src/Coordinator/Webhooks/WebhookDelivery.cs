using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts.Webhooks;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>An event on its way to a webhook's address.</summary>
public sealed class WebhookDelivery
{
    /// <summary>A version 7 UUID. The receiver knows a message that comes twice by it.</summary>
    public Guid Id { get; init; }

    /// <summary>The webhook.</summary>
    public Guid WebhookId { get; init; }

    /// <summary>The event's transaction. Null for a test.</summary>
    public ulong? EventTransaction { get; init; }

    /// <summary>The event's id. Null for a test.</summary>
    public long? EventId { get; init; }

    /// <summary>The kind of event.</summary>
    public required string Type { get; init; }

    /// <summary>What is posted, to the byte: the same at every try, whatever became of the event since.</summary>
    public required string Body { get; init; }

    /// <summary>How it stands.</summary>
    public WebhookDeliveryState State { get; set; }

    /// <summary>Tries so far, the one that is under way included.</summary>
    public int Attempts { get; set; }

    /// <summary>When it is tried next (UTC); while it is tried, when it is taken for lost. No matter once it is over.</summary>
    public DateTimeOffset NextAt { get; set; }

    /// <summary>HTTP status of the last try's answer. Null when there was none.</summary>
    public int? LastStatus { get; set; }

    /// <summary>Why the last try failed. Null when it did not.</summary>
    public string? LastError { get; set; }

    /// <summary>The first of what the last try's answer said.</summary>
    public string? Answer { get; set; }

    /// <summary>When it was made (UTC).</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was delivered (UTC).</summary>
    public DateTimeOffset? DeliveredAt { get; set; }
}

internal sealed class WebhookDeliveryTable : IEntityTypeConfiguration<WebhookDelivery>
{
    public void Configure(EntityTypeBuilder<WebhookDelivery> builder)
    {
        builder.ToTable("webhook_deliveries");
        builder.Property(delivery => delivery.Id).ValueGeneratedNever();
        builder.Property(delivery => delivery.EventTransaction).HasColumnType("xid8");
        builder.Property(delivery => delivery.State).HasConversion(StateNames<WebhookDeliveryState>.Converter);
        builder.HasOne<Webhook>().WithMany().HasForeignKey(delivery => delivery.WebhookId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(delivery => new { delivery.WebhookId, delivery.Id }).HasDatabaseName("ix_webhook_deliveries_webhook");
        // as large as what is due
        builder.HasIndex(delivery => new { delivery.WebhookId, delivery.NextAt }).HasFilter("state = 'pending'").HasDatabaseName("ix_webhook_deliveries_pending");
    }
}
