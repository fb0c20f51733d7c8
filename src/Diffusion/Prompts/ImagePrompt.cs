namespace StableDiffusion.Diffusion.Prompts;

/// <summary>What makes one picture of a request differ from the others.</summary>
/// <param name="Prompt">What to draw; may be empty.</param>
/// <param name="NegativePrompt">What to steer away from; null is diffusers' None, which is an empty text except with SDXL models that
/// want zeros for it. Without guidance it has no say.</param>
/// <param name="Seed">Of the picture's own generator; zero or more.</param>
public sealed record ImagePrompt(string Prompt, string? NegativePrompt, long Seed)
{
    /// <summary>For SDXL's second text encoder; null or empty is <see cref="Prompt"/>.</summary>
    public string? Prompt2 { get; init; }

    /// <summary>For SDXL's second text encoder; null or empty is <see cref="NegativePrompt"/>.</summary>
    public string? NegativePrompt2 { get; init; }
}
