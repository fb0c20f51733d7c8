using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>The small network that turns an embedded time step into what the residual blocks add.</summary>
internal sealed class TimestepEmbedding : Module<Tensor, Tensor>
{
    private readonly Linear linear_1;
    private readonly Linear linear_2;

    public TimestepEmbedding(LayerFactory layers, long in_channels, long time_embed_dim)
        : base(nameof(TimestepEmbedding))
    {
        linear_1 = layers.Linear(in_channels, time_embed_dim);
        linear_2 = layers.Linear(time_embed_dim, time_embed_dim);
        RegisterComponents();
    }

    /// <param name="sample">(B, in_channels)</param>
    /// <returns>(B, time_embed_dim)</returns>
    public override Tensor forward(Tensor sample)
    {
        using var scope = NewDisposeScope();
        return scope.MoveToOuter(linear_2.call(silu(linear_1.call(sample))));
    }
}
