using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>One level of the decoder: residual blocks, one more than in the encoder, then twice the size.</summary>
internal sealed class UpDecoderBlock2D : Module<Tensor, Tensor>
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Upsample2D>? upsamplers;

    public UpDecoderBlock2D(LayerFactory layers, long in_channels, long out_channels, AutoencoderKLConfig config, bool upsample)
        : base(nameof(UpDecoderBlock2D))
    {
        resnets = new ModuleList<ResnetBlock2D>([.. Enumerable.Range(0, config.LayersPerBlock + 1).Select(index => new ResnetBlock2D(
            layers, index == 0 ? in_channels : out_channels, out_channels, null, config.NormNumGroups, VaeNorm.Eps))]);
        upsamplers = upsample ? new ModuleList<Upsample2D>(new Upsample2D(layers, out_channels)) : null;
        RegisterComponents();
    }

    /// <param name="input">(B, in_channels, H, W)</param>
    /// <returns>(B, out_channels, 2H, 2W), at the last level (B, out_channels, H, W)</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var hidden = input;
        foreach (var resnet in resnets)
        {
            hidden = resnet.call(hidden, null); // (B, out_channels, H, W)
        }

        return scope.MoveToOuter(upsamplers is null ? hidden : upsamplers[0].call(hidden));
    }
}
