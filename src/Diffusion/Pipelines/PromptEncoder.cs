using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Tokenizers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Pipelines;

/// <summary>The embeddings of a request's prompts. Each text goes through the text encoder by itself, and once, so that its
/// embedding is the same in every company.</summary>
internal sealed class PromptEncoder(CLIPTokenizer tokenizer, CLIPTextModel encoder, Device device) : IDisposable
{
    private readonly Dictionary<(string Prompt, int ClipSkip), Tensor> known = [];

    /// <summary>(1, T, D), until this object is disposed. Longer prompts are cut to the encoder's T tokens.</summary>
    /// <param name="prompt">May be empty.</param>
    /// <param name="clipSkip">Layers left out at the end; the final layer norm is applied all the same.</param>
    public Tensor Encode(string prompt, int clipSkip = 0)
    {
        if (known.TryGetValue((prompt, clipSkip), out var embedding))
        {
            return embedding;
        }

        using var scope = NewDisposeScope();
        long[] tokens = tokenizer.EncodePadded(prompt);
        var output = encoder.call(tensor(tokens, [1, tokens.Length]).to(device));
        embedding = clipSkip > 0 ? encoder.FinalLayerNorm(output.HiddenStates[^(clipSkip + 1)]) : output.LastHiddenState;
        return known[(prompt, clipSkip)] = embedding.DetachFromDisposeScope();
    }

    public void Dispose()
    {
        foreach (var embedding in known.Values)
        {
            embedding.Dispose();
        }
    }
}
