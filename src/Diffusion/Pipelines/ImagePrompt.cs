namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>What makes one picture of a request differ from the others.</summary>
/// <param name="Prompt">What to draw; may be empty.</param>
/// <param name="NegativePrompt">What to steer away from; empty for nothing. Without guidance it has no say.</param>
/// <param name="Seed">Of the picture's own generator; zero or more.</param>
public sealed record ImagePrompt(string Prompt, string NegativePrompt, long Seed);
