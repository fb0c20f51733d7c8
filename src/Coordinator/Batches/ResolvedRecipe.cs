using StableDiffusion.Contracts;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>A recipe to store.</summary>
/// <param name="Settings">All but prompts ("") and seed (0).</param>
/// <param name="GroupKey">Their <see cref="Contracts.Settings.GroupKey"/>.</param>
public sealed record ResolvedRecipe(ImageSettings Settings, string GroupKey);
