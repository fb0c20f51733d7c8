using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>A bottom of a residual block, a transformer, a residual block.</summary>
internal sealed class UNetMidBlock2DCrossAttn : UNetMidBlock
{
    private readonly ModuleList<Transformer2DModel> attentions;
    private readonly ModuleList<ResnetBlock2D> resnets;

    public UNetMidBlock2DCrossAttn(LayerFactory layers, UNetEncoderConfig config)
        : base(nameof(UNetMidBlock2DCrossAttn))
    {
        var level = config.BlockOutChannels.Count - 1;
        attentions = new ModuleList<Transformer2DModel>(new Transformer2DModel(layers, config, level, config.TransformerLayersPerBlock[level, 0]));
        resnets = new ModuleList<ResnetBlock2D>(Resnet(layers, config), Resnet(layers, config));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor hidden, Tensor temb, Tensor encoder_hidden_states)
    {
        using var scope = NewDisposeScope();
        var attended = attentions[0].call(resnets[0].call(hidden, temb), encoder_hidden_states);
        return scope.MoveToOuter(resnets[1].call(attended, temb));
    }
}
