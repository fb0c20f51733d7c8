namespace StableDiffusion.Contracts.Events;

/// <summary>What happened to a batch: the data of an event in a stream, whose kind and id the stream tells beside it.</summary>
public sealed record EventResponse
{
    /// <summary>The batch.</summary>
    public required Guid BatchId { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How many images the batch has; with batch.created.</summary>
    public int? ImageCount { get; init; }

    /// <summary>The batch's tags; with batch.deleted, when it can no longer be asked for them.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The images it happened to, in the batch's order; with images.….</summary>
    public IReadOnlyList<EventImage>? Images { get; init; }
}
