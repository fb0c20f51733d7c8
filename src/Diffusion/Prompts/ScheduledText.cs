namespace StableDiffusion.Diffusion.Prompts;

/// <summary>A text and how long it holds.</summary>
/// <param name="Until">The last call of the network that sees it, counted from 1.</param>
/// <param name="Text">With attention syntax still in it.</param>
internal readonly record struct ScheduledText(int Until, string Text);
