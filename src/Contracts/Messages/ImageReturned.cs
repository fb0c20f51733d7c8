namespace StableDiffusion.Contracts.Messages;

/// <summary>The worker is shutting down and hands the image back; this is no failure.</summary>
public sealed record ImageReturned
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
