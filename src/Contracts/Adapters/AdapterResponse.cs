namespace StableDiffusion.Contracts.Adapters;

/// <summary>An adapter as a worker last described it, and whether it can be drawn with now.</summary>
public sealed record AdapterResponse : AdapterDescription
{
    /// <summary>Whether a live worker holds it.</summary>
    public required bool Live { get; init; }
}
