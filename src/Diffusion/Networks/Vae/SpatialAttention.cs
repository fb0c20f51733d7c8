using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Vae;

/// <summary>
/// Self-attention of one head over a picture's positions, with a shortcut around it (diffusers' Attention as the VAE
/// uses it).
/// </summary>
internal sealed class SpatialAttention : Module<Tensor, Tensor>
{
    private readonly GroupNorm group_norm;
    private readonly Linear to_q;
    private readonly Linear to_k;
    private readonly Linear to_v;
    private readonly ModuleList<Linear> to_out;

    public SpatialAttention(LayerFactory layers, long channels, long groups)
        : base(nameof(SpatialAttention))
    {
        group_norm = layers.GroupNorm(groups, channels, VaeNorm.Eps);
        to_q = layers.Linear(channels, channels);
        to_k = layers.Linear(channels, channels);
        to_v = layers.Linear(channels, channels);
        to_out = new ModuleList<Linear>(layers.Linear(channels, channels));
        RegisterComponents();
    }

    /// <param name="input">(B, C, h, w)</param>
    /// <returns>(B, C, h, w)</returns>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var tokens = group_norm.call(input).flatten(2).transpose(1, 2); // (B, h·w, C)
        var mixed = MultiHeadAttention.Attend(to_q.call(tokens), to_k.call(tokens), to_v.call(tokens), heads: 1); // (B, h·w, C)
        var output = to_out[0].call(mixed).transpose(1, 2).reshape(input.shape); // (B, C, h, w)
        return scope.MoveToOuter(output + input);
    }
}
