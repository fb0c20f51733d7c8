using StableDiffusion.Diffusion.Checkpoints;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>Prompts as diffusers' pipelines read them: plain text, cut to the encoder's tokens.</summary>
/// <param name="model">Stays the caller's.</param>
/// <param name="clipSkip">Layers of the text encoder left out at its end for the prompt; the negative prompt goes through all of them.</param>
internal sealed class DiffusersPromptReader(StableDiffusionModel model, int? clipSkip) : IPromptReader
{
    private readonly Dictionary<(string Text, int ClipSkip), TextConditioning> known = [];

    public IReadOnlyList<PromptPart> Positive(ImagePrompt prompt, int calls)
    {
        var conditioning = Encode(prompt.Prompt, clipSkip ?? 0);
        return [new PromptPart(1, _ => conditioning)];
    }

    public PromptPart Negative(ImagePrompt prompt, int calls)
    {
        var conditioning = Encode(prompt.NegativePrompt ?? "", 0);
        return new PromptPart(1, _ => conditioning);
    }

    public void Dispose()
    {
        foreach (var conditioning in known.Values)
        {
            conditioning.Context.Dispose();
            conditioning.Pooled?.Dispose();
        }
    }

    private TextConditioning Encode(string text, int skip)
    {
        if (known.TryGetValue((text, skip), out var conditioning))
        {
            return conditioning;
        }

        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        long[] tokens = model.Tokenizer.EncodePadded(text);
        var output = model.TextEncoder.call(tensor(tokens, [1, tokens.Length]).to(model.Device));
        var context = skip > 0 ? model.TextEncoder.FinalLayerNorm(output.HiddenStates[^(skip + 1)]) : output.LastHiddenState;
        return known[(text, skip)] = new TextConditioning(context.DetachFromDisposeScope());
    }
}
