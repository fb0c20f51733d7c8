using StableDiffusion.Diffusion.Adapters;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>An embedding's place behind a text encoder's vocabulary.</summary>
/// <param name="Embedding">Whose vectors they are.</param>
/// <param name="Ids">One for each vector.</param>
internal sealed record LearnedToken(TextualInversion Embedding, IReadOnlyList<int> Ids);
