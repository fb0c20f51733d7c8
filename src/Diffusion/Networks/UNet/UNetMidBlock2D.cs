using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>A bottom of one residual block alone, which models distilled from SDXL and small ControlNets have.</summary>
internal sealed class UNetMidBlock2D : UNetMidBlock
{
    private readonly ModuleList<ResnetBlock2D> resnets;

    public UNetMidBlock2D(LayerFactory layers, UNetEncoderConfig config)
        : base(nameof(UNetMidBlock2D))
    {
        resnets = new ModuleList<ResnetBlock2D>(Resnet(layers, config));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor hidden, Tensor temb, Tensor encoder_hidden_states) => resnets[0].call(hidden, temb);
}
