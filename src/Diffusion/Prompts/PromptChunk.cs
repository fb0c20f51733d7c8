namespace StableDiffusion.Diffusion.Prompts;

/// <summary>As many tokens as the text encoder takes at once.</summary>
/// <param name="Ids">Begin, the tokens, end, padding; ids behind the vocabulary are embeddings' vectors.</param>
/// <param name="Weights">One for each id; 1 but for tokens that a prompt weighs.</param>
internal sealed record PromptChunk(long[] Ids, double[] Weights);
