namespace StableDiffusion.Contracts.Messages;

/// <summary>A worker has done a step of the image; it also renews the attempt's lease.</summary>
public sealed record ImageProgressed
{
    /// <summary>The image's row.</summary>
    public required Guid ImageId { get; init; }

    /// <summary>The attempt that reports; news of a superseded attempt is ignored.</summary>
    public required Guid AttemptId { get; init; }

    /// <summary>The worker that reports.</summary>
    public required string WorkerId { get; init; }

    /// <summary>When it happened, by the worker's clock (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Counts the reports of one attempt, so that late ones can be dropped.</summary>
    public required int Sequence { get; init; }

    /// <summary>Steps done.</summary>
    public required int Step { get; init; }

    /// <summary>Steps to do in all.</summary>
    public required int Steps { get; init; }

    /// <summary>What the picture looks like so far, a small PNG; null when nobody asked for it.</summary>
    public byte[]? Preview { get; init; }
}
