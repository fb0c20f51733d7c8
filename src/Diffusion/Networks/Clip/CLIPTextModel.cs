using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>
/// CLIP's text encoder, a causal transformer (https://arxiv.org/abs/2103.00020), as in transformers' CLIPTextModel.
/// </summary>
public sealed class CLIPTextModel : Module<Tensor, CLIPTextOutput>
{
    private readonly CLIPTextTransformer text_model;

    /// <summary>Builds the network; its weights start random.</summary>
    public CLIPTextModel(CLIPTextConfig config, LayerFactory layers = default)
        : base(nameof(CLIPTextModel))
    {
        Config = config;
        text_model = new CLIPTextTransformer(config, layers);
        RegisterComponents();
    }

    /// <summary>The sizes it was built with.</summary>
    public CLIPTextConfig Config { get; }

    /// <summary>Runs the encoder.</summary>
    /// <param name="input_ids">(B, T) int64, T up to max_position_embeddings</param>
    public override CLIPTextOutput forward(Tensor input_ids) => text_model.call(input_ids);

    /// <summary>The final layer norm alone, for a hidden state taken from an earlier layer.</summary>
    /// <param name="hidden">(B, T, hidden_size)</param>
    /// <returns>(B, T, hidden_size)</returns>
    public Tensor FinalLayerNorm(Tensor hidden) => text_model.FinalLayerNorm(hidden);
}
