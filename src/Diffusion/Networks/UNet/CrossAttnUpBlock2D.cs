using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>A level of residual blocks and transformers on the way up.</summary>
internal sealed class CrossAttnUpBlock2D : UNetUpBlock
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Transformer2DModel> attentions;
    private readonly ModuleList<Upsample2D>? upsamplers;

    public CrossAttnUpBlock2D(LayerFactory layers, UNet2DConditionConfig config, int level)
        : base(nameof(CrossAttnUpBlock2D))
    {
        resnets = new ModuleList<ResnetBlock2D>(Resnets(layers, config, level));
        attentions = new ModuleList<Transformer2DModel>([.. resnets.Select((_, index) => new Transformer2DModel(layers, config, level, config.UpDepth(level, index)))]);
        upsamplers = Upsamplers(layers, config, level);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor hidden, Tensor temb, Tensor encoder_hidden_states, Stack<Tensor> skips)
    {
        using var scope = NewDisposeScope();
        foreach (var (resnet, attention) in resnets.Zip(attentions))
        {
            using var between = Join(resnet, hidden, skips, temb);
            hidden = attention.call(between, encoder_hidden_states); // (B, C', H, W)
        }

        return scope.MoveToOuter(Upsample(upsamplers, hidden, skips));
    }
}
