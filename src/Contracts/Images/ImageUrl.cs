namespace StableDiffusion.Contracts.Images;

/// <summary>Where a PNG can be read.</summary>
public sealed record ImageUrl
{
    /// <summary>A URL that the object store has signed, or a path of this API.</summary>
    public required string Url { get; init; }

    /// <summary>Until when it is good (UTC); absent where it does not end.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}
