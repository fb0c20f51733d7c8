using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>A level of residual blocks on the way up.</summary>
internal sealed class UpBlock2D : UNetUpBlock
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Upsample2D>? upsamplers;

    public UpBlock2D(LayerFactory layers, UNet2DConditionConfig config, int level)
        : base(nameof(UpBlock2D))
    {
        resnets = new ModuleList<ResnetBlock2D>(Resnets(layers, config, level));
        upsamplers = Upsamplers(layers, config, level);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor hidden, Tensor temb, Tensor encoder_hidden_states, Stack<Tensor> skips)
    {
        using var scope = NewDisposeScope();
        foreach (var resnet in resnets)
        {
            hidden = Join(resnet, hidden, skips, temb);
        }

        return scope.MoveToOuter(Upsample(upsamplers, hidden, skips));
    }
}
