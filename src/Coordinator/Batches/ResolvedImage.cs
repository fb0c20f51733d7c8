namespace StableDiffusion.Coordinator.Batches;

/// <summary>An image to store.</summary>
/// <param name="Recipe">Index of its recipe.</param>
/// <param name="Prompt">Index of its prompt.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="OriginId">The image it does again; null for one of its own.</param>
public readonly record struct ResolvedImage(int Recipe, int Prompt, long Seed, Guid? OriginId = null);
