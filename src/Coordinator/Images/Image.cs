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

    /// <summary>Whether its owner wants to see it while it is drawn.</summary>
    public bool LivePreview { get; init; }

    /// <summary>What to draw, resolved; kept as JSON.</summary>
    public required ImageSettings Settings { get; init; }

    /// <summary>The settings' model. Drawn from them by the database, as are the next two, to search and group by.</summary>
    public string Model { get; private init; } = "";

    /// <summary>The settings' prompt.</summary>
    public string Prompt { get; private init; } = "";

    /// <summary>The settings' seed.</summary>
    public long Seed { get; private init; }

    /// <summary>Images with the same may share a network call, see <see cref="Contracts.Settings.GroupKey"/>.</summary>
    public required string GroupKey { get; init; }

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

    /// <summary>Steps in all, at least 1: those asked for, then what the worker says that its passes take.</summary>
    public int Steps { get; set; }

    /// <summary>The newest progress report taken in; earlier ones that come late are dropped.</summary>
    public int Sequence { get; set; }

    /// <summary>What it looks like so far, a small PNG. Set while it is drawn, when that was asked for.</summary>
    public byte[]? Preview { get; set; }

    /// <summary>When the current attempt was taken up (UTC). Null before.</summary>
    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When the image reached its end (UTC). Null before.</summary>
    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>Where the PNG is. Set by success, as are the next four.</summary>
    public string? ObjectKey { get; set; }

    /// <summary>SHA-256 of the PNG, lower-case hex.</summary>
    public string? Sha256 { get; set; }

    /// <summary>Size of the PNG.</summary>
    public long? Bytes { get; set; }

    /// <summary>Time the network was at work for it.</summary>
    public TimeSpan? RenderTime { get; set; }

    /// <summary>The most memory in bytes that was in use meanwhile. Null after success too, where the worker's system does not tell.</summary>
    public long? PeakMemory { get; set; }

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
        builder.Property(image => image.Settings).HasColumnType("jsonb").HasConversion(
            settings => settings.ToJson(), json => ImageSettings.FromJson(json),
            new ValueComparer<ImageSettings>((left, right) => ReferenceEquals(left, right), settings => settings.GetHashCode(), settings => settings)); // never changed
        builder.Property(image => image.Model).HasComputedColumnSql("settings->>'model'", stored: true);
        builder.Property(image => image.Prompt).HasComputedColumnSql("settings->>'prompt'", stored: true);
        builder.Property(image => image.Seed).HasComputedColumnSql("(settings->>'seed')::bigint", stored: true);
        builder.HasOne<Batch>().WithMany().HasForeignKey(image => image.BatchId);
        builder.HasIndex(image => new { image.BatchId, image.Index }).IsUnique().HasDatabaseName("ix_images_batch_index");
        builder.HasIndex(image => new { image.BatchId, image.State }).HasDatabaseName("ix_images_batch_state");
        // only as large as what is under way
        builder.HasIndex(image => image.LeaseUntil).HasFilter("state IN ('dispatched', 'rendering')").HasDatabaseName("ix_images_leased");
        builder.HasIndex(image => image.AttemptId).HasDatabaseName("ix_images_attempt");
        // the dispatcher's: as large as what waits
        builder.HasIndex(image => new { image.Model, image.Position }).HasFilter("state = 'queued'").HasDatabaseName("ix_images_queued");
    }
}
