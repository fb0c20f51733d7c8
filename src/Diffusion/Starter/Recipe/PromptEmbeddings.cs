using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Starter.Recipe;

/// <summary>A frozen text encoder's embeddings of prompts, each computed once.</summary>
internal sealed class PromptEmbeddings(CLIPTokenizer tokenizer, CLIPTextModel textEncoder) : IDisposable
{
    private readonly Dictionary<string, Tensor> known = [];

    /// <summary>The last hidden states of prompts, (B, 77, hidden_size).</summary>
    public Tensor Of(IEnumerable<string> prompts)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var wanted = prompts.ToList();
        var unknown = wanted.Where(prompt => !known.ContainsKey(prompt)).Distinct().ToList();
        if (unknown.Count > 0)
        {
            var states = textEncoder.call(TextEncoderStage.Tokens(tokenizer, unknown)).LastHiddenState;
            for (var i = 0; i < unknown.Count; i++)
                known[unknown[i]] = states[i].clone().DetachFromDisposeScope();
        }
        return scope.MoveToOuter(stack(wanted.Select(prompt => known[prompt])));
    }

    public void Dispose()
    {
        foreach (var embedding in known.Values)
            embedding.Dispose();
    }
}
