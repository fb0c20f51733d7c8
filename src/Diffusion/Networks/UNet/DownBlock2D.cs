using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>A level of residual blocks on the way down.</summary>
internal sealed class DownBlock2D : UNetDownBlock
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Downsample2D>? downsamplers;

    public DownBlock2D(LayerFactory layers, UNetEncoderConfig config, int level)
        : base(nameof(DownBlock2D))
    {
        resnets = new ModuleList<ResnetBlock2D>(Resnets(layers, config, level));
        downsamplers = Downsamplers(layers, config, level);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor hidden, Tensor temb, Tensor encoder_hidden_states, Stack<Tensor> skips)
    {
        foreach (var resnet in resnets)
        {
            hidden = resnet.call(hidden, temb); // (B, C', H, W)
            skips.Push(hidden);
        }

        if (downsamplers is not null)
        {
            hidden = downsamplers[0].call(hidden); // (B, C', ⌈H/2⌉, ⌈W/2⌉)
            skips.Push(hidden);
        }

        return hidden;
    }
}
