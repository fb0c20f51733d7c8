namespace StableDiffusion.Contracts.Messages;

/// <summary>The worker hands the image back unrendered, because it shuts down or because the command is not fresh
/// (<see cref="RenderImages"/>); this is no failure, the image is queued again at once.</summary>
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
