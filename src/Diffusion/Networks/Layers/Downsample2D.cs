using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.Layers;

/// <summary>Halves a picture with a strided convolution.</summary>
internal sealed class Downsample2D : Module<Tensor, Tensor>
{
    private readonly bool asymmetric;
    private readonly Conv2d conv;

    /// <param name="layers">Makes the layers.</param>
    /// <param name="channels">Channels in and out.</param>
    /// <param name="asymmetric">Pads right and bottom alone, as the VAE's encoder was trained; else all around.</param>
    public Downsample2D(LayerFactory layers, long channels, bool asymmetric)
        : base(nameof(Downsample2D))
    {
        this.asymmetric = asymmetric;
        conv = layers.Conv2d(channels, channels, 3, stride: 2, padding: asymmetric ? 0 : 1);
        RegisterComponents();
    }

    /// <param name="input">(B, C, H, W)</param>
    /// <returns>(B, C, ⌈H/2⌉, ⌈W/2⌉); asymmetric rounds down</returns>
    public override Tensor forward(Tensor input)
    {
        if (!asymmetric)
        {
            return conv.call(input);
        }

        using var padded = pad(input, [0, 1, 0, 1]); // (B, C, H + 1, W + 1)
        return conv.call(padded);
    }
}
