using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.UNet;

/// <summary>Attention among the picture's tokens, attention to the text, an MLP; each on normed input with a shortcut around it.</summary>
internal sealed class BasicTransformerBlock : Module<Tensor, Tensor, Tensor>
{
    private const double NormEps = 1e-5;

    private readonly LayerNorm norm1;
    private readonly Attention attn1;
    private readonly LayerNorm norm2;
    private readonly Attention attn2;
    private readonly LayerNorm norm3;
    private readonly FeedForward ff;

    public BasicTransformerBlock(LayerFactory layers, long dim, long heads, long cross_attention_dim)
        : base(nameof(BasicTransformerBlock))
    {
        norm1 = layers.LayerNorm(dim, NormEps);
        attn1 = new Attention(layers, dim, dim, heads);
        norm2 = layers.LayerNorm(dim, NormEps);
        attn2 = new Attention(layers, dim, cross_attention_dim, heads);
        norm3 = layers.LayerNorm(dim, NormEps);
        ff = new FeedForward(layers, dim);
        RegisterComponents();
    }

    /// <param name="hidden">(B, T, dim)</param>
    /// <param name="encoder_hidden_states">(B, S, cross_attention_dim)</param>
    /// <returns>(B, T, dim)</returns>
    public override Tensor forward(Tensor hidden, Tensor encoder_hidden_states)
    {
        using var scope = NewDisposeScope();
        var self = attn1.call(norm1.call(hidden), null).add_(hidden);
        var cross = attn2.call(norm2.call(self), encoder_hidden_states).add_(self);
        return scope.MoveToOuter(ff.call(norm3.call(cross)).add_(cross));
    }
}
