using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Networks.Clip;

/// <summary>The stack of transformer layers.</summary>
internal sealed class CLIPEncoder : Module<Tensor, Tensor[]>
{
    private readonly ModuleList<CLIPEncoderLayer> layers;

    public CLIPEncoder(CLIPEncoderConfig config, LayerFactory factory, bool causal)
        : base(nameof(CLIPEncoder))
    {
        layers = new ModuleList<CLIPEncoderLayer>(
            [.. Enumerable.Range(0, config.NumHiddenLayers).Select(_ => new CLIPEncoderLayer(config, factory, causal))]);
        RegisterComponents();
    }

    /// <param name="hidden">(B, T, hidden_size)</param>
    /// <returns>The input, then what each layer made of it, (B, T, hidden_size) each</returns>
    public override Tensor[] forward(Tensor hidden)
    {
        var states = new List<Tensor> { hidden };
        foreach (var layer in layers)
        {
            states.Add(layer.call(states[^1]));
        }

        return [.. states];
    }
}
