namespace StableDiffusion.Contracts.Messages;

/// <summary>A worker has taken the image up.</summary>
public sealed record ImageStarted
{
    /// <summary>The image's row.</summary>
    public required Guid ImageId { get; init; }

    /// <summary>The attempt that reports; news of a superseded attempt is ignored.</summary>
    public required Guid AttemptId { get; init; }

    /// <summary>The worker that reports.</summary>
    public required string WorkerId { get; init; }

    /// <summary>When it happened, by the worker's clock (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }
}
