namespace StableDiffusion.Coordinator.Events;

/// <summary>What a listener wants to hear.</summary>
internal sealed record EventFilter
{
    /// <summary>Of this batch alone.</summary>
    public Guid? BatchId { get; init; }

    /// <summary>Of this owner's batches alone.</summary>
    public int? OwnerId { get; init; }

    /// <summary>Of these types alone; null for all.</summary>
    public IReadOnlyCollection<string>? Types { get; init; }

    /// <summary>Whether it wants to hear of <see cref="EventTypes.ImagesProgressed"/>, which is not stored.</summary>
    public bool Progress { get; init; }

    /// <summary>Whether progress brings the previews themselves along.</summary>
    public bool InlinePreviews { get; init; }

    /// <summary>Whether it wants to hear of the event.</summary>
    public bool Wants(FarmEvent row) => Covers(row.BatchId, row.OwnerId) && (Types is null || Types.Contains(row.Type));

    /// <summary>Whether it wants to hear of the batch.</summary>
    public bool Covers(Guid batchId, int ownerId) => (BatchId is null || BatchId == batchId) && (OwnerId is null || OwnerId == ownerId);
}
