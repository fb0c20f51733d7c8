namespace StableDiffusion.Diffusion.Prompts;

/// <summary>One of the texts that a prompt is made of.</summary>
/// <param name="Weight">Its share in the guidance; 1 for a prompt that is one text.</param>
/// <param name="At">What it says at a call of the network, from 0: prompt editing changes it over a run.</param>
internal sealed record PromptPart(double Weight, Func<int, TextConditioning> At);
