using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>
/// A CLIP text encoder with the projection of its pooled output into the space shared with pictures, as in transformers'
/// CLIPTextModelWithProjection: SDXL's second one.
/// </summary>
public sealed class CLIPTextModelWithProjection : Module<Tensor, CLIPTextOutput>
{
    private readonly CLIPTextTransformer text_model;
    private readonly Linear text_projection;

    /// <summary>Builds the network; its weights start random.</summary>
    public CLIPTextModelWithProjection(CLIPTextConfig config, LayerFactory layers = default)
        : base(nameof(CLIPTextModelWithProjection))
    {
        Config = config;
        text_model = new CLIPTextTransformer(config, layers);
        text_projection = layers.Linear(config.HiddenSize, config.ProjectionDim, hasBias: false);
        RegisterComponents();
    }

    /// <summary>The sizes it was built with.</summary>
    public CLIPTextConfig Config { get; }

    /// <summary>Runs the encoder; the result has <see cref="CLIPTextOutput.TextEmbeds"/>.</summary>
    /// <param name="input_ids">(B, T) int64, T up to max_position_embeddings</param>
    public override CLIPTextOutput forward(Tensor input_ids)
    {
        var output = text_model.call(input_ids);
        return output with { TextEmbeds = text_projection.call(output.PoolerOutput) };
    }
}
