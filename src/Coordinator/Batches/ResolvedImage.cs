using StableDiffusion.Contracts;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>An image to store.</summary>
/// <param name="Settings">What to draw.</param>
/// <param name="GroupKey">The settings' <see cref="Contracts.Settings.GroupKey"/>; found once for all images that have it in common, since
/// it takes as long as writing the settings down.</param>
public sealed record ResolvedImage(ImageSettings Settings, string GroupKey);
