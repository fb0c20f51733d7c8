using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Contracts.Batches;

/// <summary>A batch and how far it is.</summary>
public sealed record BatchResponse
{
    /// <summary>The batch.</summary>
    public required Guid Id { get; init; }

    /// <summary>The batch that this one does again; absent for a batch of its own.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>What its owner calls it; absent when nothing.</summary>
    public string? Name { get; init; }

    /// <summary>Words to find it by.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Higher goes first.</summary>
    public int Priority { get; init; }

    /// <summary>What is not begun by then is given up (UTC); absent for never.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Since when none of its images is begun (UTC); absent when it is not paused.</summary>
    public DateTimeOffset? PausedAt { get; init; }

    /// <summary>When it was withdrawn (UTC); absent when it was not.</summary>
    public DateTimeOffset? CancelledAt { get; init; }

    /// <summary>When it was accepted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its last image reached its end (UTC); absent while one has not.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Settings of its first image.</summary>
    public required ImageSettings Settings { get; init; }

    /// <summary>Images by state.</summary>
    public required ImageCounts Counts { get; init; }

    /// <summary>Why the next of its images is not begun; absent when none waits, and in lists.</summary>
    public Waiting? Waiting { get; init; }

    /// <summary>0 … 1: images at an end, and the done share of those being drawn, over all.</summary>
    public required double Progress { get; init; }

    /// <summary>Path of this resource.</summary>
    public required string Url { get; init; }

    /// <summary>Path of the list of its images.</summary>
    public required string ImagesUrl { get; init; }

    /// <summary>Path of the page that shows its pictures to people.</summary>
    public required string PageUrl { get; init; }

    /// <summary>Path that tells, once it is finished, how far its pictures are from its origin's; absent for a batch of its own.</summary>
    public string? VerificationUrl { get; init; }
}
