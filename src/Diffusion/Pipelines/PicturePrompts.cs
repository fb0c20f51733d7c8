using StableDiffusion.Diffusion.Prompts;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>The texts of one picture.</summary>
/// <param name="Negative">Null where the guidance does not ask for it.</param>
/// <param name="Positive">One, or several weighted ones.</param>
internal sealed record PicturePrompts(PromptPart? Negative, IReadOnlyList<PromptPart> Positive)
{
    /// <summary>All of them, the negative one first.</summary>
    public IReadOnlyList<PromptPart> Texts { get; } = Negative is null ? Positive : [Negative, .. Positive];

    /// <summary>Reads a picture's prompts for a pass that asks the network so often.</summary>
    public static PicturePrompts Read(IPromptReader reader, ImagePrompt prompt, int calls, ClassifierFreeGuidance guidance)
    {
        var positive = reader.Positive(prompt, calls);
        bool asks = guidance.Asks([.. positive.Select(part => part.Weight)]);
        return new PicturePrompts(asks ? reader.Negative(prompt, calls) : null, positive);
    }

    /// <summary>Tokens of every text at every call: pictures that are equal in this have the same network calls.</summary>
    public string Shape(int calls) => $"{Negative is not null}:" + string.Join(
        ';', Enumerable.Range(0, calls).Select(call => string.Join(',', Texts.Select(text => text.At(call).Context.shape[1]))));
}
