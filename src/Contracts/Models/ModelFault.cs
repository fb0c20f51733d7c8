namespace StableDiffusion.Contracts.Models;

/// <summary>A model that a worker found and could not load.</summary>
public sealed record ModelFault
{
    /// <summary>The name that requests would use: the folder's.</summary>
    public required string Name { get; init; }

    /// <summary>Why, in a sentence that names the file and what is wrong with it.</summary>
    public required string Reason { get; init; }
}
