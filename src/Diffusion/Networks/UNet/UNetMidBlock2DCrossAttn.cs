using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>The bottom of the U-Net: a residual block, a transformer, a residual block.</summary>
internal sealed class UNetMidBlock2DCrossAttn : Module<Tensor, Tensor, Tensor, Tensor>
{
    private readonly ModuleList<Transformer2DModel> attentions;
    private readonly ModuleList<ResnetBlock2D> resnets;

    public UNetMidBlock2DCrossAttn(LayerFactory layers, UNetEncoderConfig config)
        : base(nameof(UNetMidBlock2DCrossAttn))
    {
        var level = config.BlockOutChannels.Count - 1;
        attentions = new ModuleList<Transformer2DModel>(new Transformer2DModel(layers, config, level, config.TransformerLayersPerBlock[level, 0]));
        resnets = new ModuleList<ResnetBlock2D>(Resnet(), Resnet());
        RegisterComponents();

        ResnetBlock2D Resnet() => new(
            layers, config.BlockOutChannels[level], config.BlockOutChannels[level], config.TimeEmbedDim, config.NormNumGroups, config.NormEps);
    }

    /// <param name="hidden">(B, C, H, W)</param>
    /// <param name="temb">(B, time_embed_dim)</param>
    /// <param name="encoder_hidden_states">(B, S, cross_attention_dim)</param>
    /// <returns>(B, C, H, W)</returns>
    public override Tensor forward(Tensor hidden, Tensor temb, Tensor encoder_hidden_states)
    {
        using var scope = NewDisposeScope();
        var attended = attentions[0].call(resnets[0].call(hidden, temb), encoder_hidden_states);
        return scope.MoveToOuter(resnets[1].call(attended, temb));
    }
}
