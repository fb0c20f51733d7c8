namespace StableDiffusion.Contracts.Batches;

/// <summary>Images of a batch by state.</summary>
public sealed record ImageCounts
{
    /// <summary>All of them.</summary>
    public required int Total { get; init; }

    /// <summary>Waiting.</summary>
    public required int Queued { get; init; }

    /// <summary>Handed to the broker.</summary>
    public required int Dispatched { get; init; }

    /// <summary>Being drawn.</summary>
    public required int Rendering { get; init; }

    /// <summary>In the object store.</summary>
    public required int Succeeded { get; init; }

    /// <summary>Given up.</summary>
    public required int Failed { get; init; }

    /// <summary>Withdrawn.</summary>
    public required int Cancelled { get; init; }
}
