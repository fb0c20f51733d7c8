using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>A transformer block's MLP, four times as wide inside.</summary>
internal sealed class FeedForward : Module<Tensor, Tensor>
{
    private readonly ModuleList<Module<Tensor, Tensor>> net;

    public FeedForward(LayerFactory layers, long dim)
        : base(nameof(FeedForward))
    {
        var inner = dim * 4;
        // The middle one stands where diffusers has a dropout, so that the next keeps its number.
        net = new ModuleList<Module<Tensor, Tensor>>(new GEGLU(layers, dim, inner), Identity(), layers.Linear(inner, dim));
        RegisterComponents();
    }

    /// <param name="hidden">(B, T, dim)</param>
    /// <returns>(B, T, dim)</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var inner = net[0].call(hidden); // (B, T, 4 · dim)
        return net[2].call(inner);
    }
}
