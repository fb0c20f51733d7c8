namespace StableDiffusion.Contracts.Owners;

/// <summary>Somebody whom batches belong to.</summary>
public sealed record OwnerResponse
{
    /// <summary>The owner.</summary>
    public required int Id { get; init; }

    /// <summary>As people know it.</summary>
    public required string Name { get; init; }

    /// <summary>The owner's share of the fleet beside others who wait.</summary>
    public required double Weight { get; init; }

    /// <summary>Most images that may be on their way at once; absent without a limit, as are the next three.</summary>
    public int? MaxWaiting { get; init; }

    /// <summary>Most images accepted on one day (UTC).</summary>
    public int? MaxImagesPerDay { get; init; }

    /// <summary>Highest priority of the owner's batches.</summary>
    public int? MaxPriority { get; init; }

    /// <summary>Most requests a minute, with all of the owner's keys.</summary>
    public int? MaxRequestsPerMinute { get; init; }
}
