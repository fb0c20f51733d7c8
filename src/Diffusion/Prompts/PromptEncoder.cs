using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Tokenizers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>A text encoder with its tokenizer, and with the vectors that embeddings add behind its vocabulary.</summary>
internal sealed class PromptEncoder : IDisposable
{
    private readonly Tensor? added;

    private PromptEncoder(CLIPTokenizer tokenizer, CLIPTextEncoder network, Device device, IReadOnlyList<(TextualInversion Embedding, Tensor Vectors)> embeddings)
    {
        (Tokenizer, Network, Device) = (tokenizer, network, device);
        var learned = new List<LearnedToken>();
        int next = network.Config.VocabSize;
        foreach (var (embedding, _) in embeddings)
        {
            learned.Add(new LearnedToken(embedding, [.. Enumerable.Range(next, embedding.Vectors)]));
            next += embedding.Vectors;
        }

        Learned = learned;
        added = embeddings.Count > 0 ? cat([.. embeddings.Select(embedding => embedding.Vectors)], 0).to(device).DetachFromDisposeScope() : null;
    }

    /// <summary>From texts to token ids; it knows nothing of embeddings.</summary>
    public CLIPTokenizer Tokenizer { get; }

    public CLIPTextEncoder Network { get; }

    public Device Device { get; }

    /// <summary>The embeddings in the order they were given.</summary>
    public IReadOnlyList<LearnedToken> Learned { get; }

    /// <summary>A model's text encoders: one, or SDXL's two.</summary>
    /// <exception cref="TextualInversionException">An embedding does not fit the model.</exception>
    public static IReadOnlyList<PromptEncoder> Of(StableDiffusionModel model, IReadOnlyList<TextualInversion> embeddings)
    {
        foreach (var embedding in embeddings)
        {
            embedding.CheckFits(model);
        }

        using var scope = NewDisposeScope();
        var first = new PromptEncoder(model.Tokenizer, model.TextEncoder, model.Device, [.. embeddings.Select(embedding => (embedding, embedding.ClipL))]);
        return model.IsXL
            ? [first, new PromptEncoder(model.Tokenizer2!, model.TextEncoder2!, model.Device, [.. embeddings.Select(embedding => (embedding, embedding.ClipG!))])]
            : [first];
    }

    /// <summary>Runs the network on one prompt, in the current dispose scope.</summary>
    /// <param name="ids">At most as many as the encoder has positions; those behind the vocabulary are embeddings' vectors.</param>
    public CLIPTextOutput Encode(long[] ids) => Network.Encode(tensor(ids, [1, ids.Length]).to(Device), added);

    public void Dispose() => added?.Dispose();
}
