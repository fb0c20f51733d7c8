namespace StableDiffusion.Contracts.Images;

/// <summary>A try at an image.</summary>
public sealed record AttemptResponse
{
    /// <summary>The attempt.</summary>
    public required Guid Id { get; init; }

    /// <summary>From 1.</summary>
    public required int Number { get; init; }

    /// <summary>"succeeded", "failed", "returned" undrawn, "lost" with its worker or message, or "cancelled"; for the one under way the image's state, "dispatched" or "rendering".</summary>
    public required string Outcome { get; init; }

    /// <summary>The worker that took it; absent when none did.</summary>
    public string? WorkerId { get; init; }

    /// <summary>When it was handed to the broker (UTC).</summary>
    public required DateTimeOffset DispatchedAt { get; init; }

    /// <summary>When a worker took it (UTC); absent when none did.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended (UTC); absent while it is under way.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why it ended without a picture.</summary>
    public string? Error { get; init; }
}
