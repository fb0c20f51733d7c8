namespace StableDiffusion.Contracts.Messages;

/// <summary>A worker has done a step of the image.</summary>
public sealed record ImageProgressed
{
    /// <summary>The image's row.</summary>
    public required Guid ImageId { get; init; }

    /// <summary>The attempt.</summary>
    public required Guid AttemptId { get; init; }

    /// <summary>Counts the reports of one attempt, so that late ones can be dropped.</summary>
    public required int Sequence { get; init; }

    /// <summary>Steps done.</summary>
    public required int Step { get; init; }

    /// <summary>Steps to do in all.</summary>
    public required int Steps { get; init; }

    /// <summary>What the picture looks like so far, a small PNG; null when nobody asked for it.</summary>
    public byte[]? Preview { get; init; }
}
