using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace StableDiffusion.Coordinator.Images;

/// <summary>How a try at an image stands or ended.</summary>
public enum AttemptState
{
    /// <summary>Handed to the broker.</summary>
    Dispatched,

    /// <summary>Taken up by a worker.</summary>
    Rendering,

    /// <summary>The picture is stored.</summary>
    Succeeded,

    /// <summary>The worker said why it could not.</summary>
    Failed,

    /// <summary>Handed back unrendered; no failure.</summary>
    Returned,

    /// <summary>Nothing was heard of it until its lease ran out.</summary>
    Lost,
}

/// <summary>A try at an image: the history behind <see cref="Image.Attempts"/>.</summary>
public sealed class Attempt
{
    /// <summary>Fences the try: news and objects carry it.</summary>
    public Guid Id { get; init; }

    /// <summary>The image.</summary>
    public Guid ImageId { get; init; }

    /// <summary>From 1.</summary>
    public int Number { get; init; }

    /// <summary>How it stands or ended.</summary>
    public AttemptState State { get; set; }

    /// <summary>The object it writes; its own, so that no other attempt can overwrite it.</summary>
    public required string ObjectKey { get; init; }

    /// <summary>The worker that took it up. Null before, and for ever when none did.</summary>
    public string? WorkerId { get; set; }

    /// <summary>When it was opened (UTC).</summary>
    public DateTimeOffset DispatchedAt { get; init; }

    /// <summary>When a worker took it up (UTC). Null before.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When it ended (UTC). Null before.</summary>
    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>Why it ended without a picture.</summary>
    public string? Error { get; set; }
}

internal sealed class AttemptTable : IEntityTypeConfiguration<Attempt>
{
    public void Configure(EntityTypeBuilder<Attempt> builder)
    {
        builder.ToTable("attempts");
        builder.Property(attempt => attempt.Id).ValueGeneratedNever();
        builder.Property(attempt => attempt.State).HasConversion(StateNames<AttemptState>.Converter);
        builder.HasOne<Image>().WithMany().HasForeignKey(attempt => attempt.ImageId);
        builder.HasIndex(attempt => new { attempt.ImageId, attempt.Number }).IsUnique().HasDatabaseName("ix_attempts_image_number");
    }
}
