using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>What each token is plus where it stands.</summary>
internal sealed class CLIPTextEmbeddings : Module<Tensor, Tensor>
{
    private readonly int longest;
    private readonly Embedding token_embedding;
    private readonly Embedding position_embedding;

    public CLIPTextEmbeddings(CLIPTextConfig config, LayerFactory layers)
        : base(nameof(CLIPTextEmbeddings))
    {
        longest = config.MaxPositionEmbeddings;
        token_embedding = layers.Embedding(config.VocabSize, config.HiddenSize);
        position_embedding = layers.Embedding(config.MaxPositionEmbeddings, config.HiddenSize);
        RegisterComponents();
    }

    /// <param name="input_ids">(B, T) int64</param>
    /// <returns>(B, T, hidden_size)</returns>
    /// <exception cref="ArgumentException">T is longer than the encoder's positions.</exception>
    public override Tensor forward(Tensor input_ids)
    {
        var length = input_ids.shape[1];
        if (length > longest)
        {
            throw new ArgumentException($"{length} tokens are more than the text encoder's {longest}.", nameof(input_ids));
        }

        using var scope = NewDisposeScope();
        var positions = position_embedding.weight!.narrow(0, 0, length); // (T, hidden_size)
        return scope.MoveToOuter(token_embedding.call(input_ids) + positions);
    }
}
