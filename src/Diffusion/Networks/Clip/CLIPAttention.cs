using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>Self-attention; where it is causal a token sees itself and those before it.</summary>
internal sealed class CLIPAttention : Module<Tensor, Tensor>
{
    private readonly long heads;
    private readonly bool causal;
    private readonly Linear k_proj;
    private readonly Linear v_proj;
    private readonly Linear q_proj;
    private readonly Linear out_proj;

    public CLIPAttention(CLIPEncoderConfig config, LayerFactory layers, bool causal)
        : base(nameof(CLIPAttention))
    {
        this.causal = causal;
        heads = config.NumAttentionHeads;
        k_proj = layers.Linear(config.HiddenSize, config.HiddenSize);
        v_proj = layers.Linear(config.HiddenSize, config.HiddenSize);
        q_proj = layers.Linear(config.HiddenSize, config.HiddenSize);
        out_proj = layers.Linear(config.HiddenSize, config.HiddenSize);
        RegisterComponents();
    }

    /// <param name="hidden">(B, T, hidden_size)</param>
    /// <returns>(B, T, hidden_size)</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var mixed = MultiHeadAttention.Attend(
            q_proj.call(hidden), k_proj.call(hidden), v_proj.call(hidden), heads, causal); // (B, T, hidden_size)
        return scope.MoveToOuter(out_proj.call(mixed));
    }
}
