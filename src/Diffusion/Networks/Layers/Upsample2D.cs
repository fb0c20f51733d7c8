using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.Layers;

/// <summary>Enlarges a picture by repeating pixels, then smooths it with a convolution.</summary>
internal sealed class Upsample2D : Module<Tensor, Tensor>
{
    private readonly Conv2d conv;

    public Upsample2D(LayerFactory layers, long channels)
        : base(nameof(Upsample2D))
    {
        conv = layers.Conv2d(channels, channels, 3, padding: 1);
        RegisterComponents();
    }

    /// <param name="input">(B, C, H, W)</param>
    /// <returns>(B, C, 2H, 2W)</returns>
    public override Tensor forward(Tensor input) => To(input, input.shape[2] * 2, input.shape[3] * 2);

    /// <summary>To a given size, where halving rounded on the way down.</summary>
    /// <returns>(B, C, height, width)</returns>
    public Tensor To(Tensor input, long height, long width)
    {
        using var larger = interpolate(input, size: [height, width]); // nearest
        return PictureConvolution.Call(conv, larger);
    }
}
