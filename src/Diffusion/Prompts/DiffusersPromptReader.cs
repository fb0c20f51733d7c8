using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Tokenizers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>
/// Prompts as diffusers' pipelines read them: plain text, cut to the encoder's tokens. SD 1.x and 2.x take the last hidden state; SDXL takes
/// the last layer but one of both encoders, side by side and without the final layer norm, and the second one's projected output.
/// An embedding's token is found wherever it stands, in any spelling that the tokenizer takes for the same.
/// </summary>
internal sealed class DiffusersPromptReader : IPromptReader
{
    private readonly IReadOnlyList<PromptEncoder> encoders;
    private readonly CLIPTokenizer[] tokenizers;
    private readonly bool isXL;
    private readonly int clipSkip;
    private readonly bool zerosForNone;
    private readonly Dictionary<(string Text, string Text2, int ClipSkip), TextConditioning> known = [];
    private TextConditioning? none;

    /// <param name="encoders">One, or SDXL's two; they are the reader's from now on.</param>
    /// <param name="isXL">Whether they are an SDXL model's. The refiner has the second alone, which reads the first prompt then.</param>
    /// <param name="clipSkip">Layers left out at the end for the prompt; the negative prompt goes through as many as without it.</param>
    /// <param name="zerosForNone">SDXL's force_zeros_for_empty_prompt.</param>
    /// <exception cref="ArgumentException">An embedding's token cannot be one.</exception>
    public DiffusersPromptReader(IReadOnlyList<PromptEncoder> encoders, bool isXL, int clipSkip, bool zerosForNone)
    {
        (this.encoders, this.isXL, this.clipSkip, this.zerosForNone) = (encoders, isXL, clipSkip, zerosForNone);
        tokenizers = [.. encoders.Select(encoder => encoder.Tokenizer.WithAddedTokens(
            encoder.Learned.Select(learned => KeyValuePair.Create(learned.Embedding.Token, learned.Ids))))];
    }

    public IReadOnlyList<PromptPart> Positive(ImagePrompt prompt, int calls)
    {
        var conditioning = Encode(prompt.Prompt, Or(prompt.Prompt2, prompt.Prompt), clipSkip);
        return [new PromptPart(1, _ => conditioning)];
    }

    public PromptPart Negative(ImagePrompt prompt, int calls)
    {
        string text = prompt.NegativePrompt ?? "";
        var conditioning = zerosForNone && prompt.NegativePrompt is null ? None() : Encode(text, Or(prompt.NegativePrompt2, text), 0);
        return new PromptPart(1, _ => conditioning);
    }

    public void Dispose()
    {
        foreach (var conditioning in known.Values)
        {
            conditioning.Dispose();
        }

        none?.Dispose();
        foreach (var encoder in encoders)
        {
            encoder.Dispose();
        }
    }

    private static string Or(string? text, string otherwise) => string.IsNullOrEmpty(text) ? otherwise : text;

    private TextConditioning None()
    {
        if (none is null)
        {
            using var scope = NewDisposeScope();
            none = Encode("", "", 0).Zeros().Detach();
        }

        return none;
    }

    private TextConditioning Encode(string text, string text2, int skip)
    {
        text2 = encoders.Count > 1 ? text2 : "";
        if (known.TryGetValue((text, text2, skip), out var conditioning))
        {
            return conditioning;
        }

        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        CLIPTextOutput[] outputs = [.. encoders.Select((encoder, i) => encoder.Encode(tokenizers[i].EncodePadded(i == 0 ? text : text2)))];
        conditioning = isXL
            ? new TextConditioning(cat([.. outputs.Select(output => output.HiddenStates[^(skip + 2)])], 2), outputs[^1].TextEmbeds)
            : new TextConditioning(skip > 0 ? encoders[0].Network.FinalLayerNorm(outputs[0].HiddenStates[^(skip + 1)]) : outputs[0].LastHiddenState);
        return known[(text, text2, skip)] = conditioning.Detach();
    }
}
