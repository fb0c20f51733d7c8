using StableDiffusion.Diffusion.Adapters;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Tokenizers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>A text encoder with its tokenizer, and with the vectors that embeddings add behind its vocabulary. It holds none of its own
/// until it is asked.</summary>
internal sealed class PromptEncoder : IDisposable
{
    private Tensor? added; // (N, hidden_size), once the network is first asked

    private PromptEncoder(CLIPTokenizer tokenizer, CLIPTextEncoder network, Device device, IReadOnlyList<TextualInversion> embeddings)
    {
        (Tokenizer, Network, Device) = (tokenizer, network, device);
        var learned = new List<LearnedToken>();
        int next = network.Config.VocabSize;
        foreach (var embedding in embeddings)
        {
            learned.Add(new LearnedToken(embedding, [.. Enumerable.Range(next, embedding.Vectors)]));
            next += embedding.Vectors;
        }

        Learned = learned;
    }

    /// <summary>From texts to token ids; it knows nothing of embeddings.</summary>
    public CLIPTokenizer Tokenizer { get; }

    public CLIPTextEncoder Network { get; }

    public Device Device { get; }

    /// <summary>The embeddings in the order they were given.</summary>
    public IReadOnlyList<LearnedToken> Learned { get; }

    /// <summary>A model's text encoders: one, or SDXL's two. What an embedding has for another encoder is not used.</summary>
    /// <exception cref="TextualInversionException">An embedding does not fit the model.</exception>
    public static IReadOnlyList<PromptEncoder> Of(StableDiffusionModel model, IReadOnlyList<TextualInversion> embeddings)
    {
        foreach (var embedding in embeddings)
        {
            embedding.CheckFits(model);
        }

        return [.. model.TextEncoders.Select(encoder => new PromptEncoder(encoder.Tokenizer, encoder.Network, model.Device, embeddings))];
    }

    /// <summary>Runs the network on one prompt, in the current dispose scope.</summary>
    /// <param name="ids">At most as many as the encoder has positions; those behind the vocabulary are embeddings' vectors.</param>
    public CLIPTextOutput Encode(long[] ids)
    {
        if (added is null && Learned.Count > 0)
        {
            added = cat([.. Learned.Select(learned => learned.Embedding.For(Network))], 0).to(Device).DetachFromDisposeScope();
        }

        return Network.Encode(tensor(ids, [1, ids.Length]).to(Device), added);
    }

    public void Dispose() => added?.Dispose();
}
