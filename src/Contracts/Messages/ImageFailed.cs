namespace StableDiffusion.Contracts.Messages;

/// <summary>The attempt ended without a picture.</summary>
public sealed record ImageFailed
{
    /// <summary>The image's row.</summary>
    public required Guid ImageId { get; init; }

    /// <summary>The attempt.</summary>
    public required Guid AttemptId { get; init; }

    /// <summary>What went wrong, in a sentence for the one who asked for the image.</summary>
    public required string Reason { get; init; }

    /// <summary>True when another try may pass (storage away, out of memory); false when it never can (bad request, broken model).</summary>
    public required bool Retryable { get; init; }

    /// <summary>One of <see cref="FailureReasons"/>.</summary>
    public string Kind { get; init; } = FailureReasons.Other;

    /// <summary>W3C trace context to go on from; null when it is not known.</summary>
    public string? TraceParent { get; init; }
}
