using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>Builds the reader of a request's prompts.</summary>
internal static class PromptReader
{
    /// <param name="reading">How prompts are understood.</param>
    /// <param name="model">Stays the caller's, and must outlive the reader.</param>
    /// <param name="clipSkip">Layers of the text encoder left out at its end, counted as in diffusers: null is none, 1 the last layer but one.</param>
    /// <param name="embeddings">Learnt words that prompts may use; they stay the caller's.</param>
    /// <exception cref="TextualInversionException">An embedding does not fit the model.</exception>
    /// <exception cref="ArgumentException">An embedding's token cannot be one.</exception>
    public static IPromptReader Create(PromptReading reading, StableDiffusionModel model, int? clipSkip, IReadOnlyList<TextualInversion>? embeddings = null)
    {
        var encoders = PromptEncoder.Of(model, embeddings ?? []);
        return reading == PromptReading.A1111
            ? new A1111PromptReader(encoders, model.IsXL, clipSkip ?? 0)
            : new DiffusersPromptReader(encoders, model.IsXL, clipSkip ?? 0, model.IsXL && model.ForceZerosForEmptyPrompt);
    }

    /// <summary>The largest clip skip that leaves a layer of each text encoder.</summary>
    public static int LargestClipSkip(StableDiffusionModel model) =>
        model.TextEncoders.Min(encoder => encoder.Network.Config.NumHiddenLayers) - (model.IsXL ? 1 : 0);
}
