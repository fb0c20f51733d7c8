using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>The VAE's middle, at the latents' resolution: a residual block, attention over all positions where the model has it, a residual block.</summary>
internal sealed class UNetMidBlock2D : Module<Tensor, Tensor>
{
    private readonly ModuleList<SpatialAttention>? attentions;
    private readonly ModuleList<ResnetBlock2D> resnets;

    public UNetMidBlock2D(LayerFactory layers, long channels, AutoencoderKLConfig config)
        : base(nameof(UNetMidBlock2D))
    {
        attentions = config.MidBlockAddAttention ? new ModuleList<SpatialAttention>(new SpatialAttention(layers, channels, config.NormNumGroups)) : null;
        resnets = new ModuleList<ResnetBlock2D>(
            new ResnetBlock2D(layers, channels, channels, null, config.NormNumGroups, VaeNorm.Eps),
            new ResnetBlock2D(layers, channels, channels, null, config.NormNumGroups, VaeNorm.Eps));
        RegisterComponents();
    }

    /// <param name="input">(B, C, h, w)</param>
    /// <returns>(B, C, h, w)</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var hidden = resnets[0].call(input, null);
        return scope.MoveToOuter(resnets[1].call(attentions is null ? hidden : attentions[0].call(hidden), null));
    }
}
