namespace StableDiffusion.Contracts.Keeping;

/// <summary>What a sweep of the object store found.</summary>
public sealed record SweepReport
{
    /// <summary>When it began (UTC).</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended (UTC).</summary>
    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>Objects looked at, pictures and inputs.</summary>
    public required long Objects { get; init; }

    /// <summary>Objects that no row names, which were removed.</summary>
    public required long Removed { get; init; }

    /// <summary>Objects that no row names yet and that are too young to be sure of.</summary>
    public required long Young { get; init; }

    /// <summary>Objects that no row names and that are older than the farm's database: of a farm that was here before, or whose backup is still to come. They are let be.</summary>
    public long Earlier { get; init; }

    /// <summary>Pictures that a row names and the store does not have, how many.</summary>
    public required long Missing { get; init; }

    /// <summary>The first hundred of them: the images' ids.</summary>
    public required IReadOnlyList<Guid> MissingImages { get; init; }
}
