namespace StableDiffusion.Contracts.Images;

/// <summary>One image of a batch.</summary>
public sealed record ImageResponse
{
    /// <summary>The image.</summary>
    public required Guid Id { get; init; }

    /// <summary>The batch it belongs to.</summary>
    public required Guid BatchId { get; init; }

    /// <summary>Its place in the batch, from 0; prompts outermost, seeds within.</summary>
    public required int Index { get; init; }

    /// <summary>Where it is on its way.</summary>
    public required ImageState State { get; init; }

    /// <summary>Everything that decides its pixels.</summary>
    public required ImageSettings Settings { get; init; }

    /// <summary>Steps done by the current attempt.</summary>
    public required int Step { get; init; }

    /// <summary>Steps in all: those asked for, and once it is drawn those that its passes really take.</summary>
    public required int Steps { get; init; }

    /// <summary>Attempts opened so far.</summary>
    public required int Attempts { get; init; }

    /// <summary>Why the last attempt ended without a picture; absent when none did.</summary>
    public string? Error { get; init; }

    /// <summary>Why no worker draws it yet; absent once one does, at its end, and in lists that were not asked for it.</summary>
    public Waiting? Waiting { get; init; }

    /// <summary>The worker that draws or drew it; absent before one took it up.</summary>
    public string? WorkerId { get; init; }

    /// <summary>The image of another batch that this one does again; absent for an image of its own.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>When the batch was accepted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the current attempt was taken up (UTC).</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the image reached its end (UTC).</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When its picture was deleted (UTC); absent while it is kept.</summary>
    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>Seconds the network was at work for it (its share of the group).</summary>
    public double? RenderSeconds { get; init; }

    /// <summary>The most memory in bytes that was in use while it was drawn: the worker's process on a CPU, the whole GPU else. Null before the end and
    /// where the worker's system does not tell.</summary>
    public long? PeakMemory { get; init; }

    /// <summary>Path of a small PNG of what it looks like so far; there while it is drawn, when the request asked for live_previews.</summary>
    public string? PreviewUrl { get; init; }

    /// <summary>Path of the PNG; there once the image has succeeded.</summary>
    public string? ContentUrl { get; init; }

    /// <summary>The PNG's key in the object store.</summary>
    public string? ObjectKey { get; init; }

    /// <summary>SHA-256 of the PNG, lower-case hex.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Size of the PNG.</summary>
    public long? Bytes { get; init; }
}
