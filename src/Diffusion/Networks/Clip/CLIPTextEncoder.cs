using StableDiffusion.Diffusion.Networks.Layers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>CLIP's text encoder, a causal transformer (https://arxiv.org/abs/2103.00020), with or without a projection.</summary>
public abstract class CLIPTextEncoder : Module<Tensor, CLIPTextOutput>
{
    private protected readonly CLIPTextTransformer text_model;

    private protected CLIPTextEncoder(string name, CLIPTextConfig config, LayerFactory layers)
        : base(name)
    {
        Config = config;
        text_model = new CLIPTextTransformer(config, layers);
    }

    /// <summary>The sizes it was built with.</summary>
    public CLIPTextConfig Config { get; }

    /// <summary>Runs the encoder.</summary>
    /// <param name="input_ids">(B, T) int64, T up to max_position_embeddings</param>
    public sealed override CLIPTextOutput forward(Tensor input_ids) => Encode(input_ids, addedEmbeddings: null);

    /// <summary>
    /// Runs the encoder on prompts that hold tokens it was not made with, as textual inversion adds them
    /// (https://arxiv.org/abs/2208.01618): ids from vocab_size on are rows of <paramref name="addedEmbeddings"/>. An encoder
    /// whose eos_token_id is 2 pools at the highest id, which may then be such a token, as in transformers.
    /// </summary>
    /// <param name="inputIds">(B, T) int64, below vocab_size + N</param>
    /// <param name="addedEmbeddings">(N, hidden_size), gradients reach it; null where there are none</param>
    public virtual CLIPTextOutput Encode(Tensor inputIds, Tensor? addedEmbeddings) => text_model.call(inputIds, addedEmbeddings);

    /// <summary>The final layer norm alone, for a hidden state taken from an earlier layer.</summary>
    /// <param name="hidden">(B, T, hidden_size)</param>
    /// <returns>(B, T, hidden_size)</returns>
    public Tensor FinalLayerNorm(Tensor hidden) => text_model.FinalLayerNorm(hidden);
}
