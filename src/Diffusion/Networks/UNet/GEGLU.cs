using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>A linear layer whose one half is gated by the gelu of the other (https://arxiv.org/abs/2002.05202).</summary>
internal sealed class GEGLU : Module<Tensor, Tensor>
{
    private readonly Linear proj;

    public GEGLU(LayerFactory layers, long dim_in, long dim_out)
        : base(nameof(GEGLU))
    {
        proj = layers.Linear(dim_in, dim_out * 2);
        RegisterComponents();
    }

    /// <param name="hidden">(B, T, dim_in)</param>
    /// <returns>(B, T, dim_out)</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var halves = proj.call(hidden).chunk(2, -1); // value and gate, (B, T, dim_out) each
        return scope.MoveToOuter(halves[0] * gelu(halves[1]));
    }
}
