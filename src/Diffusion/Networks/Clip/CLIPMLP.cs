using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>Two linear layers around the activation that the config names.</summary>
internal sealed class CLIPMLP : Module<Tensor, Tensor>
{
    private readonly bool quick;
    private readonly Linear fc1;
    private readonly Linear fc2;

    public CLIPMLP(CLIPEncoderConfig config, LayerFactory layers)
        : base(nameof(CLIPMLP))
    {
        quick = config.HiddenAct == "quick_gelu";
        fc1 = layers.Linear(config.HiddenSize, config.IntermediateSize);
        fc2 = layers.Linear(config.IntermediateSize, config.HiddenSize);
        RegisterComponents();
    }

    /// <param name="hidden">(B, T, hidden_size)</param>
    /// <returns>(B, T, hidden_size)</returns>
    public override Tensor forward(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var inner = fc1.call(hidden); // (B, T, intermediate_size)
        return scope.MoveToOuter(fc2.call(quick ? QuickGelu(inner) : gelu(inner)));
    }

    /// <summary>x · sigmoid(1.702 x), the gelu that OpenAI's CLIP was trained with (https://arxiv.org/abs/1606.08415).</summary>
    private static Tensor QuickGelu(Tensor x)
    {
        using var gate = (x * 1.702).sigmoid();
        return x * gate;
    }
}
