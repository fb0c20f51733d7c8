using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>A level of residual blocks and transformers on the way down.</summary>
internal sealed class CrossAttnDownBlock2D : UNetDownBlock
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Transformer2DModel> attentions;
    private readonly ModuleList<Downsample2D>? downsamplers;

    public CrossAttnDownBlock2D(LayerFactory layers, UNetEncoderConfig config, int level)
        : base(nameof(CrossAttnDownBlock2D))
    {
        resnets = new ModuleList<ResnetBlock2D>(Resnets(layers, config, level));
        attentions = new ModuleList<Transformer2DModel>([.. resnets.Select((_, index) => new Transformer2DModel(layers, config, level, config.TransformerLayersPerBlock[level, index]))]);
        downsamplers = Downsamplers(layers, config, level);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor hidden, Tensor temb, Tensor encoder_hidden_states, Stack<Tensor> skips)
    {
        foreach (var (resnet, attention) in resnets.Zip(attentions))
        {
            using var between = resnet.call(hidden, temb); // (B, C', H, W)
            hidden = attention.call(between, encoder_hidden_states); // (B, C', H, W)
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
