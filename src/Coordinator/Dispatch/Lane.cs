namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>A recipe with images that wait, as the dispatcher sees it.</summary>
/// <param name="Recipe">Its id; lower ones were accepted earlier.</param>
/// <param name="Model">Its model.</param>
/// <param name="OwnerId">Whose it is.</param>
/// <param name="Priority">Higher goes first.</param>
/// <param name="GroupKey">Images of lanes with the same may share a network call.</param>
/// <param name="Needs">Its recipe's <see cref="Batches.Recipe.Needs"/>.</param>
/// <param name="BatchClass">Pictures in one such call.</param>
/// <param name="Cost">Of one image.</param>
/// <param name="Weight">Its owner's share.</param>
/// <param name="Unclaimed">Images of its model that are published for any worker and not claimed.</param>
public sealed record Lane(long Recipe, string Model, int OwnerId, int Priority, string GroupKey, string Needs, int BatchClass, double Cost, double Weight, int Unclaimed);
