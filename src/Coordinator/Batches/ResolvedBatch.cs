using StableDiffusion.Contracts;
using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>What a request stands for.</summary>
/// <param name="Recipes">What images have in common.</param>
/// <param name="Prompts">What they say.</param>
/// <param name="Images">In order.</param>
/// <param name="Inputs">Pictures that came with the request; the settings name them by their hashes.</param>
public sealed record ResolvedBatch(
    IReadOnlyList<ResolvedRecipe> Recipes, IReadOnlyList<ResolvedPrompt> Prompts, IReadOnlyList<ResolvedImage> Images, IReadOnlyList<InputPicture> Inputs)
{
    /// <summary>Of a request that is refused.</summary>
    public static ResolvedBatch None { get; } = new([], [], [], []);

    /// <summary>All of what the first image is to be.</summary>
    public ImageSettings First => SettingsOf(Images[0]);

    /// <summary>All of what an image is to be.</summary>
    public ImageSettings SettingsOf(ResolvedImage image) => Prompts[image.Prompt].In(Recipes[image.Recipe].Settings) with { Seed = image.Seed };
}
