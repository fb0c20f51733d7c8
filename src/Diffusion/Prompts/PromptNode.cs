namespace StableDiffusion.Diffusion.Prompts;

/// <summary>A piece of a prompt that may change over a run.</summary>
internal abstract record PromptNode
{
    /// <summary>Text that stays.</summary>
    public sealed record Plain(string Text) : PromptNode;

    /// <summary>Brackets that only weigh, with what is in them; the brackets are its first and last piece.</summary>
    public sealed record Brackets(IReadOnlyList<PromptNode> Pieces) : PromptNode;

    /// <summary><c>[before:after:when]</c></summary>
    /// <param name="When">As written: below 1 a share of the run, otherwise a call of the network.</param>
    public sealed record Scheduled(IReadOnlyList<PromptNode> Before, IReadOnlyList<PromptNode> After, double When) : PromptNode
    {
        /// <summary>The last call, counted from 1, that sees <see cref="Before"/>.</summary>
        public int Until(int calls) => (int)Math.Clamp(When < 1 ? When * calls : When, 0, calls);
    }

    /// <summary><c>[a|b|c]</c>, each for one call and then the next.</summary>
    public sealed record Alternate(IReadOnlyList<IReadOnlyList<PromptNode>> Options) : PromptNode;
}
