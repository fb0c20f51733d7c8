using StableDiffusion.Diffusion.Checkpoints;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>Builds the reader of a request's prompts.</summary>
internal static class PromptReader
{
    /// <param name="reading">How prompts are understood.</param>
    /// <param name="model">Stays the caller's, and must outlive the reader.</param>
    /// <param name="clipSkip">Layers of the text encoder left out at its end, counted as in diffusers: null is none, 1 the last layer but one.</param>
    public static IPromptReader Create(PromptReading reading, StableDiffusionModel model, int? clipSkip) => reading switch
    {
        PromptReading.Diffusers => new DiffusersPromptReader(model, clipSkip),
        _ => throw new NotSupportedException($"the prompt reading {reading} is not built"),
    };
}
