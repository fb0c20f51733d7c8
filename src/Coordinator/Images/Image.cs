using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Batches;

namespace StableDiffusion.Coordinator.Images;

/// <summary>One image to draw. Only <see cref="ImageLifecycle"/> changes a row after its insert.</summary>
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

    /// <summary>What to draw, resolved.</summary>
    public required ImageSettings Settings { get; init; }

    /// <summary>When the batch was accepted (UTC).</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Where the image is on its way.</summary>
    public ImageState State { get; set; }

    /// <summary>Earliest next dispatch (UTC). Set while a failed image waits to be tried again.</summary>
    public DateTimeOffset? NotBefore { get; set; }

    /// <summary>The attempt whose news counts. Null while queued and after the end without success.</summary>
    public Guid? AttemptId { get; set; }

    /// <summary>Until when the attempt is believed in (UTC). Set while dispatched or rendering.</summary>
    public DateTimeOffset? LeaseUntil { get; set; }

    /// <summary>Attempts opened so far.</summary>
    public int Attempts { get; set; }

    /// <summary>Attempts that failed or whose worker was lost while drawing; handing back is none.</summary>
    public int Failures { get; set; }

    /// <summary>The worker that draws or drew it. Set when one takes the image up.</summary>
    public string? WorkerId { get; set; }

    /// <summary>Steps done by the current attempt.</summary>
    public int Step { get; set; }

    /// <summary>The newest progress report taken in; earlier ones that come late are dropped.</summary>
    public int Sequence { get; set; }

    /// <summary>When the current attempt was taken up (UTC). Null before.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When the image reached its end (UTC). Null before.</summary>
    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>Where the PNG is. Set by success, as are the next three.</summary>
    public string? ObjectKey { get; set; }

    /// <summary>SHA-256 of the PNG, lower-case hex.</summary>
    public string? Sha256 { get; set; }

    /// <summary>Size of the PNG.</summary>
    public long? Bytes { get; set; }

    /// <summary>Time the network was at work for it.</summary>
    public TimeSpan? RenderTime { get; set; }

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
        builder.Property(image => image.State).HasConversion(StateNames<ImageState>.Converter);
        builder.ComplexProperty(image => image.Settings);
        builder.HasOne<Batch>().WithMany().HasForeignKey(image => image.BatchId);
        builder.HasIndex(image => new { image.BatchId, image.Index }).IsUnique().HasDatabaseName("ix_images_batch_index");
        builder.HasIndex(image => new { image.BatchId, image.State }).HasDatabaseName("ix_images_batch_state");
        // only as large as what is under way
        builder.HasIndex(image => image.LeaseUntil).HasFilter("state IN ('dispatched', 'rendering')").HasDatabaseName("ix_images_leased");
        builder.HasIndex(image => image.AttemptId).HasDatabaseName("ix_images_attempt");
        // ix_images_queued, the dispatcher's, is in the first migration alone: EF has no index over a complex property's column
    }
}
