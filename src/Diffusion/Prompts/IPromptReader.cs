namespace StableDiffusion.Diffusion.Prompts;

/// <summary>Turns the prompts of a request into what the U-Net is told. Each text goes through the text encoders by itself, and once,
/// so that its embedding is the same in every company. Owns the tensors it hands out.</summary>
internal interface IPromptReader : IDisposable
{
    /// <summary>What to draw: one part, or several weighted ones that are each guided towards (AND).</summary>
    /// <param name="prompt">The picture's texts.</param>
    /// <param name="calls">How often the network will be called, each call of a step counted: schedules inside a prompt are laid over them.</param>
    IReadOnlyList<PromptPart> Positive(ImagePrompt prompt, int calls);

    /// <summary>What to steer away from.</summary>
    /// <inheritdoc cref="Positive"/>
    PromptPart Negative(ImagePrompt prompt, int calls);
}
