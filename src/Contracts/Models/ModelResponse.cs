namespace StableDiffusion.Contracts.Models;

/// <summary>A model as a worker last described it, and whether it can be drawn with now.</summary>
public sealed record ModelResponse : ModelDescription
{
    /// <summary>Whether a live worker holds it; images of one that none holds wait for one.</summary>
    public required bool Live { get; init; }
}
