using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>The small network that turns an embedded time step into what the residual blocks add.</summary>
internal sealed class TimestepEmbedding : Module<Tensor, Tensor?, Tensor>
{
    private readonly Linear linear_1;
    private readonly Linear? cond_proj;
    private readonly Linear linear_2;

    /// <param name="layers">Makes the layers.</param>
    /// <param name="in_channels">Channels in.</param>
    /// <param name="time_embed_dim">Channels out.</param>
    /// <param name="cond_proj_dim">Channels of a condition added to the input, or null where it takes none.</param>
    public TimestepEmbedding(LayerFactory layers, long in_channels, long time_embed_dim, long? cond_proj_dim = null)
        : base(nameof(TimestepEmbedding))
    {
        linear_1 = layers.Linear(in_channels, time_embed_dim);
        cond_proj = cond_proj_dim is { } channels ? layers.Linear(channels, in_channels, hasBias: false) : null;
        linear_2 = layers.Linear(time_embed_dim, time_embed_dim);
        RegisterComponents();
    }

    /// <param name="sample">(B, in_channels)</param>
    /// <param name="condition">(B or 1, cond_proj_dim), or null</param>
    /// <returns>(B, time_embed_dim)</returns>
    /// <exception cref="ArgumentException">There is a condition, and the model takes none.</exception>
    public override Tensor forward(Tensor sample, Tensor? condition)
    {
        using var scope = NewDisposeScope();
        if (condition is not null)
        {
            var projection = cond_proj ?? throw new ArgumentException("The model has no time_cond_proj_dim, and takes no such condition.", nameof(condition));
            sample += projection.call(condition.to(sample.dtype, sample.device));
        }

        return scope.MoveToOuter(linear_2.call(silu(linear_1.call(sample))));
    }
}
