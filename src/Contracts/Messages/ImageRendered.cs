namespace StableDiffusion.Contracts.Messages;

/// <summary>The PNG lies under the key its command gave, whole.</summary>
public sealed record ImageRendered
{
    /// <summary>The image's row.</summary>
    public required Guid ImageId { get; init; }

    /// <summary>The attempt.</summary>
    public required Guid AttemptId { get; init; }

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

    /// <summary>W3C trace context to go on from; null when the image is not traced.</summary>
    public string? TraceParent { get; init; }
}
