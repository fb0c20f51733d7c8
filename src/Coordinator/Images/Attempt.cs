using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace StableDiffusion.Coordinator.Images;

/// <summary>How a try at an image ended.</summary>
public enum AttemptOutcome
{
    /// <summary>The picture is stored.</summary>
    Succeeded,

    /// <summary>The worker said why it could not.</summary>
    Failed,

    /// <summary>Handed back undrawn; no failure.</summary>
    Returned,

    /// <summary>No worker claimed it in time, or its worker was lost or forgot it.</summary>
    Lost,

    /// <summary>The image was withdrawn.</summary>
    Cancelled,
}

/// <summary>A try at an image that is over; the one under way stands in the image's own row. Written once, never changed.</summary>
public sealed class Attempt
{
    /// <summary>Fenced the try: news and objects carry it.</summary>
    public Guid Id { get; init; }

    /// <summary>The image.</summary>
    public Guid ImageId { get; init; }

    /// <summary>From 1.</summary>
    public int Number { get; init; }

    /// <summary>How it ended.</summary>
    public AttemptOutcome Outcome { get; init; }

    /// <summary>The object it wrote, or would have; its own, so that no other attempt can overwrite it.</summary>
    public required string ObjectKey { get; init; }

    /// <summary>The worker that claimed it; null when none did.</summary>
    public string? WorkerId { get; init; }

    /// <summary>When it was opened (UTC).</summary>
    public DateTimeOffset DispatchedAt { get; init; }

    /// <summary>When a worker claimed it (UTC); null when none did.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended (UTC).</summary>
    public DateTimeOffset FinishedAt { get; init; }

    /// <summary>Why it ended without a picture.</summary>
    public string? Error { get; init; }
}

internal sealed class AttemptTable : IEntityTypeConfiguration<Attempt>
{
    public void Configure(EntityTypeBuilder<Attempt> builder)
    {
        builder.ToTable("attempts");
        builder.Property(attempt => attempt.Id).ValueGeneratedNever();
        builder.Property(attempt => attempt.Outcome).HasConversion(StateNames<AttemptOutcome>.Converter);
        builder.HasOne<Image>().WithMany().HasForeignKey(attempt => attempt.ImageId).OnDelete(DeleteBehavior.Cascade);
        builder.HasIndex(attempt => new { attempt.ImageId, attempt.Number }).IsUnique().HasDatabaseName("ix_attempts_image_number");
        // a worker's latest failures, see WorkerHealth
        builder.HasIndex(attempt => new { attempt.WorkerId, attempt.Id }).HasFilter("outcome = 'failed'").HasDatabaseName("ix_attempts_failed");
    }
}
