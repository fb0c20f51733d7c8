using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>What a request stands for.</summary>
/// <param name="Images">In order, prompts outermost.</param>
/// <param name="Inputs">Pictures that came with the request; the settings name them by their hashes.</param>
public sealed record ResolvedBatch(IReadOnlyList<ResolvedImage> Images, IReadOnlyList<InputPicture> Inputs)
{
    /// <summary>Of a request that is refused.</summary>
    public static ResolvedBatch None { get; } = new([], []);
}
