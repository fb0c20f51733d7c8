using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>What each token is plus where it stands.</summary>
internal sealed class CLIPTextEmbeddings : Module<Tensor, Tensor?, Tensor>
{
    private readonly int vocabulary;
    private readonly int longest;
    private readonly Embedding token_embedding;
    private readonly Embedding position_embedding;

    public CLIPTextEmbeddings(CLIPTextConfig config, LayerFactory layers)
        : base(nameof(CLIPTextEmbeddings))
    {
        vocabulary = config.VocabSize;
        longest = config.MaxPositionEmbeddings;
        token_embedding = layers.Embedding(config.VocabSize, config.HiddenSize);
        position_embedding = layers.Embedding(config.MaxPositionEmbeddings, config.HiddenSize);
        RegisterComponents();
    }

    /// <param name="input_ids">(B, T) int64</param>
    /// <param name="addedEmbeddings">(N, hidden_size) for ids from vocab_size on, or null</param>
    /// <returns>(B, T, hidden_size)</returns>
    /// <exception cref="ArgumentException">T is longer than the encoder's positions.</exception>
    public override Tensor forward(Tensor input_ids, Tensor? addedEmbeddings)
    {
        var length = input_ids.shape[1];
        if (length > longest)
        {
            throw new ArgumentException($"{length} tokens are more than the text encoder's {longest}.", nameof(input_ids));
        }

        using var scope = NewDisposeScope();
        var positions = position_embedding.weight!.narrow(0, 0, length); // (T, hidden_size)
        var tokens = addedEmbeddings is null ? token_embedding.call(input_ids) : Embed(input_ids, addedEmbeddings); // (B, T, hidden_size)
        return scope.MoveToOuter(tokens + positions);
    }

    private Tensor Embed(Tensor input_ids, Tensor addedEmbeddings)
    {
        var known = token_embedding.call(input_ids.clamp(max: vocabulary - 1)); // (B, T, hidden_size)
        var rows = (input_ids - vocabulary).clamp(min: 0).flatten(); // (B·T)
        var added = addedEmbeddings.to(known.dtype, known.device).index_select(0, rows).view(known.shape); // (B, T, hidden_size)
        return where(input_ids.ge(vocabulary).unsqueeze(-1), added, known);
    }
}
