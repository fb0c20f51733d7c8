using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>One level of the encoder: residual blocks, then half the size.</summary>
internal sealed class DownEncoderBlock2D : Module<Tensor, Tensor>
{
    private readonly ModuleList<ResnetBlock2D> resnets;
    private readonly ModuleList<Downsample2D>? downsamplers;

    public DownEncoderBlock2D(LayerFactory layers, long in_channels, long out_channels, AutoencoderKLConfig config, bool downsample)
        : base(nameof(DownEncoderBlock2D))
    {
        resnets = new ModuleList<ResnetBlock2D>([.. Enumerable.Range(0, config.LayersPerBlock).Select(index => new ResnetBlock2D(
            layers, index == 0 ? in_channels : out_channels, out_channels, null, config.NormNumGroups, VaeNorm.Eps))]);
        downsamplers = downsample ? new ModuleList<Downsample2D>(new Downsample2D(layers, out_channels, asymmetric: true)) : null;
        RegisterComponents();
    }

    /// <param name="input">(B, in_channels, H, W)</param>
    /// <returns>(B, out_channels, H/2, W/2), at the last level (B, out_channels, H, W)</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var hidden = input;
        foreach (var resnet in resnets)
        {
            hidden = resnet.call(hidden, null); // (B, out_channels, H, W)
        }

        return scope.MoveToOuter(downsamplers is null ? hidden : downsamplers[0].call(hidden));
    }
}
