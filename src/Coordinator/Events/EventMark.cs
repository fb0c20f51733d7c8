using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace StableDiffusion.Coordinator.Events;

/// <summary>How far something has come along the events. One row each, there from its first use on.</summary>
public sealed class EventMark
{
    /// <summary>Up to here, this one included, events are no longer kept.</summary>
    public const string Removed = "removed";

    /// <summary>Up to here events were turned into deliveries to webhooks.</summary>
    public const string Webhooks = "webhooks";

    /// <summary>Which.</summary>
    public required string Name { get; init; }

    /// <summary>The last event's transaction.</summary>
    public ulong Transaction { get; set; }

    /// <summary>The last event's id.</summary>
    public long EventId { get; set; }
}

internal sealed class EventMarkTable : IEntityTypeConfiguration<EventMark>
{
    public void Configure(EntityTypeBuilder<EventMark> builder)
    {
        builder.ToTable("event_marks");
        builder.HasKey(mark => mark.Name);
        builder.Property(mark => mark.Transaction).HasColumnType("xid8");
    }
}
