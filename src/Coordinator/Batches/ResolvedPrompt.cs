using StableDiffusion.Contracts;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>A prompt to store, see <see cref="Batches.Prompt"/>.</summary>
public sealed record ResolvedPrompt(string Text, string NegativeText, string? Text2, string? NegativeText2)
{
    /// <summary>The texts of settings.</summary>
    public static ResolvedPrompt Of(ImageSettings settings) => new(settings.Prompt, settings.NegativePrompt, settings.Prompt2, settings.NegativePrompt2);

    /// <summary>The recipe with these texts.</summary>
    public ImageSettings In(ImageSettings recipe) => recipe with { Prompt = Text, NegativePrompt = NegativeText, Prompt2 = Text2, NegativePrompt2 = NegativeText2 };

    /// <summary>Settings without texts and seed.</summary>
    public static ImageSettings Without(ImageSettings settings) =>
        settings with { Prompt = "", NegativePrompt = "", Prompt2 = null, NegativePrompt2 = null, Seed = 0 };
}
