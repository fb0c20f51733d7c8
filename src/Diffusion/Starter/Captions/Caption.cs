using StableDiffusion.Diffusion.Starter.Scenes;

namespace StableDiffusion.Diffusion.Starter.Captions;

/// <summary>
/// A prompt and what it asks for. A colour that it does not name is null: any will do.
/// </summary>
public sealed record Caption(string Text, Subject Subject, SceneColor? Foreground, SceneColor? Background);
