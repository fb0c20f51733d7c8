namespace StableDiffusion.Contracts.Messages;

/// <summary>The PNG lies under its key, whole.</summary>
public sealed record ImageRendered
{
    /// <summary>The image's row.</summary>
    public required Guid ImageId { get; init; }

    /// <summary>The attempt that reports; news of a superseded attempt is ignored.</summary>
    public required Guid AttemptId { get; init; }

    /// <summary>The worker that reports.</summary>
    public required string WorkerId { get; init; }

    /// <summary>When it happened, by the worker's clock (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Where the bytes are; the key the command gave.</summary>
    public required string ObjectKey { get; init; }

    /// <summary>SHA-256 of the PNG, lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Size of the PNG in bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>Time the network was at work for this image (its share of the group).</summary>
    public required TimeSpan RenderTime { get; init; }

    /// <summary>Steps that its passes took. Null when no step was told of.</summary>
    public int? Steps { get; init; }

    /// <summary>The most memory in bytes that was in use while it was drawn: the worker's process on a CPU, the whole GPU else. Null where
    /// the system does not tell.</summary>
    public long? PeakMemory { get; init; }
}
