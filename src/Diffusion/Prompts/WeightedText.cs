namespace StableDiffusion.Diffusion.Prompts;

/// <summary>A piece of a prompt and the attention it asks for.</summary>
/// <param name="Text">As written, without brackets and escapes.</param>
/// <param name="Weight">1 is plain attention.</param>
internal readonly record struct WeightedText(string Text, double Weight)
{
    /// <summary>Where a chunk of tokens ends early. One inside weighted brackets is a word like any other, as in A1111.</summary>
    public static WeightedText Break { get; } = new("BREAK", -1);

    /// <summary>Whether it ends a chunk.</summary>
    public bool IsBreak => this == Break;
}
