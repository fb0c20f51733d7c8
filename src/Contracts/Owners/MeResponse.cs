namespace StableDiffusion.Contracts.Owners;

/// <summary>As whom a request came, and how much of the owner's limits is used.</summary>
public sealed record MeResponse
{
    /// <summary>The owner, with its limits.</summary>
    public required OwnerResponse Owner { get; init; }

    /// <summary>The key; absent where the farm asks for none.</summary>
    public KeyResponse? Key { get; init; }

    /// <summary>What the request might have done.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The owner's images that are on their way.</summary>
    public required long Waiting { get; init; }

    /// <summary>Images accepted of the owner today (UTC), deleted ones too; absent where there is no max_images_per_day.</summary>
    public long? ImagesToday { get; init; }
}
