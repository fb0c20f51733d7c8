using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>Attention, then an MLP, each on normed input with a shortcut around it.</summary>
internal sealed class CLIPEncoderLayer : Module<Tensor, Tensor>
{
    private readonly CLIPAttention self_attn;
    private readonly LayerNorm layer_norm1;
    private readonly CLIPMLP mlp;
    private readonly LayerNorm layer_norm2;

    public CLIPEncoderLayer(CLIPEncoderConfig config, LayerFactory layers, bool causal)
        : base(nameof(CLIPEncoderLayer))
    {
        self_attn = new CLIPAttention(config, layers, causal);
        layer_norm1 = layers.LayerNorm(config.HiddenSize, config.LayerNormEps);
        mlp = new CLIPMLP(config, layers);
        layer_norm2 = layers.LayerNorm(config.HiddenSize, config.LayerNormEps);
        RegisterComponents();
    }

    /// <param name="hidden">(B, T, hidden_size)</param>
    /// <returns>(B, T, hidden_size)</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var attended = self_attn.call(layer_norm1.call(hidden)).add_(hidden);
        return scope.MoveToOuter(mlp.call(layer_norm2.call(attended)).add_(attended));
    }
}
