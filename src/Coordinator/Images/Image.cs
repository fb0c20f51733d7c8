using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Batches;

namespace StableDiffusion.Coordinator.Images;

/// <summary>One image to draw. Only <see cref="Lifecycle"/> changes a row after its insert.</summary>
public sealed class Image
{
    /// <summary>A version 7 UUID.</summary>
    public Guid Id { get; init; }

    /// <summary>The batch.</summary>
    public Guid BatchId { get; init; }

    /// <summary>Place in the batch, from 0.</summary>
    public int Index { get; init; }

    /// <summary>Place in the farm's backlog: rises in the order of acceptance. Set by the database.</summary>
    public long Position { get; init; }

    /// <summary>What to draw, but for prompts and seed.</summary>
    public long RecipeId { get; init; }

    /// <summary>What to draw: the prompts.</summary>
    public long PromptId { get; init; }

    /// <summary>What to draw: the seed.</summary>
    public long Seed { get; init; }

    /// <summary>The image of another batch that this one does again; null for an image of its own. No foreign key: that one may be deleted.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>Where the image is on its way.</summary>
    public ImageState State { get; set; }

    /// <summary>Earliest next dispatch (UTC). Set while a failed image waits to be tried again.</summary>
    public DateTimeOffset? NotBefore { get; set; }

    /// <summary>The attempt whose news counts. Null while queued and after the end without success.</summary>
    public Guid? AttemptId { get; set; }

    /// <summary>When the attempt was opened (UTC). Set while there is one.</summary>
    public DateTimeOffset? DispatchedAt { get; set; }

    /// <summary>Until when the attempt's command may wait to be claimed (UTC). Set while dispatched; from the claim on it lives as long as its worker.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>Attempts opened so far.</summary>
    public int Attempts { get; set; }

    /// <summary>Attempts that failed or whose worker was lost while drawing; handing back is none.</summary>
    public int Failures { get; set; }

    /// <summary>Those of the failures whose worker was lost: the image may be what killed it.</summary>
    public int Losses { get; set; }

    /// <summary>The worker that draws or drew it. Set when one claims the image, or before, when it is the only one that it is for.</summary>
    public string? WorkerId { get; set; }

    /// <summary>Steps done by the current attempt.</summary>
    public int Step { get; set; }

    /// <summary>Steps in all, at least 1: those asked for, then what the worker says that its passes take.</summary>
    public int Steps { get; set; }

    /// <summary>The newest progress report taken in; earlier ones that come late are dropped.</summary>
    public int Sequence { get; set; }

    /// <summary>What it looks like so far, a small PNG. Set while it is drawn, when that was asked for.</summary>
    public byte[]? Preview { get; set; }

    /// <summary>When the current attempt was claimed (UTC). Null before.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When the image reached its end (UTC). Null before.</summary>
    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>Where the current attempt writes the PNG, and where it is after success.</summary>
    public string? ObjectKey { get; set; }

    /// <summary>SHA-256 of the PNG, lower-case hex. Set by success, as are the next three.</summary>
    public string? Sha256 { get; set; }

    /// <summary>Size of the PNG.</summary>
    public long? Bytes { get; set; }

    /// <summary>Time the network was at work for it.</summary>
    public TimeSpan? RenderTime { get; set; }

    /// <summary>The most memory in bytes that was in use meanwhile. Null after success too, where the worker's system does not tell.</summary>
    public long? PeakMemory { get; set; }

    /// <summary>When its picture was deleted (UTC); the row stays, and can be drawn again. Null while it is kept.</summary>
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>Why the last attempt ended without a picture. Null when none did, and after success.</summary>
    public string? Error { get; set; }
}

internal sealed class ImageTable : IEntityTypeConfiguration<Image>
{
    public void Configure(EntityTypeBuilder<Image> builder)
    {
        builder.ToTable("images");
        builder.Property(image => image.Id).ValueGeneratedNever();
        builder.Property(image => image.Position).UseIdentityAlwaysColumn();
        builder.Property(image => image.State).HasConversion(StateNames<ImageState>.Converter).HasDefaultValue(ImageState.Queued).HasSentinel((ImageState)(-1));
        foreach (var count in new[] { nameof(Image.Attempts), nameof(Image.Failures), nameof(Image.Losses), nameof(Image.Step), nameof(Image.Sequence) })
        {
            builder.Property(count).HasDefaultValue(0);
        }

        builder.HasOne<Batch>().WithMany().HasForeignKey(image => image.BatchId).OnDelete(DeleteBehavior.Cascade);
        // no foreign keys to recipe and prompt: they are written with the image and go with the batch, and each would be checked for every image
        builder.HasIndex(image => new { image.BatchId, image.Index }).IsUnique().HasDatabaseName("ix_images_batch_index");
        builder.HasIndex(image => new { image.BatchId, image.State }).HasDatabaseName("ix_images_batch_state");
        builder.HasIndex(image => image.Position).IsUnique().HasDatabaseName("ix_images_position"); // search goes by it, newest first
        // the dispatcher's: as large as what waits
        builder.HasIndex(image => new { image.RecipeId, image.Position }).HasFilter("state = 'queued'").HasDatabaseName("ix_images_queued");
        // only as large as what is under way
        builder.HasIndex(image => image.LeaseUntil).HasFilter("state = 'dispatched'").HasDatabaseName("ix_images_dispatched");
        builder.HasIndex(image => image.WorkerId).HasFilter("state = 'rendering'").HasDatabaseName("ix_images_rendering");
    }
}
