using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>Attention of a picture's tokens to each other, or to the text where there is one.</summary>
internal sealed class Attention : Module<Tensor, Tensor?, Tensor>
{
    private readonly long heads;
    private readonly Linear to_q;
    private readonly Linear to_k;
    private readonly Linear to_v;
    private readonly ModuleList<Linear> to_out;

    /// <param name="layers">Makes the layers.</param>
    /// <param name="query_dim">Channels in and out.</param>
    /// <param name="context_dim">Channels of what is attended to.</param>
    /// <param name="heads">Attention heads.</param>
    public Attention(LayerFactory layers, long query_dim, long context_dim, long heads)
        : base(nameof(Attention))
    {
        this.heads = heads;
        to_q = layers.Linear(query_dim, query_dim, hasBias: false);
        to_k = layers.Linear(context_dim, query_dim, hasBias: false);
        to_v = layers.Linear(context_dim, query_dim, hasBias: false);
        to_out = new ModuleList<Linear>(layers.Linear(query_dim, query_dim));
        RegisterComponents();
    }

    /// <param name="hidden">(B, T, query_dim)</param>
    /// <param name="context">(B, S, context_dim), or null for attention to itself</param>
    /// <returns>(B, T, query_dim)</returns>
    public override Tensor forward(Tensor hidden, Tensor? context)
    {
        using var scope = NewDisposeScope();
        var source = context ?? hidden;
        var mixed = MultiHeadAttention.Attend(to_q.call(hidden), to_k.call(source), to_v.call(source), heads); // (B, T, query_dim)
        return scope.MoveToOuter(to_out[0].call(mixed));
    }
}
