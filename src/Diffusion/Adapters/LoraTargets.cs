using StableDiffusion.Diffusion.Checkpoints;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>The weights of a model that LoRAs can change, by the layers' names with underscores.</summary>
internal sealed class LoraTargets
{
    private readonly StableDiffusionModel model;
    private readonly Dictionary<(LoraComponent Component, string Layer), Parameter> weights = [];

    public LoraTargets(StableDiffusionModel model)
    {
        this.model = model;
        Add(LoraComponent.UNet, model.UNet);
        Add(LoraComponent.TextEncoder, model.TextEncoder);
        if (model.TextEncoder2 is not null)
        {
            Add(LoraComponent.TextEncoder2, model.TextEncoder2);
        }
    }

    /// <summary>The weight that each layer of a file changes.</summary>
    /// <exception cref="LoraException">The file is for another model; the message says for which, where that can be told.</exception>
    public IEnumerable<(LoraLayer Layer, Parameter Weight)> Match(LoraFile lora)
    {
        string[] unknown = [.. lora.Layers.Where(layer => !weights.ContainsKey(Key(layer))).Select(layer => $"{layer.Component}: {layer.Name}")];
        string[] misshapen = [.. lora.Layers
            .Where(layer => weights.TryGetValue(Key(layer), out var weight) && !layer.Fits(weight.shape))
            .Select(layer => $"{layer.Component}: {layer.Name} [{string.Join(", ", layer.Shape)}] for [{string.Join(", ", weights[Key(layer)].shape)}]")];
        if (unknown.Length + misshapen.Length > 0)
        {
            throw new LoraException(lora.Path, LoraFamily.Explain(lora, model, unknown.Length > 0), [.. unknown, .. misshapen]);
        }

        return lora.Layers.Select(layer => (layer, weights[Key(layer)]));
    }

    /// <summary>The weight that a layer changes, once it is known to match.</summary>
    public Parameter Of(LoraLayer layer) => weights[Key(layer)];

    private static (LoraComponent Component, string Layer) Key(LoraLayer layer) => (layer.Component, layer.Name);

    private void Add(LoraComponent component, Module network)
    {
        foreach (var (name, parameter) in network.named_parameters())
        {
            if (name.EndsWith(".weight", StringComparison.Ordinal) && parameter.dim() is 2 or 4)
            {
                weights.Add((component, LoraKey.Flat(name[..^".weight".Length])), parameter);
            }
        }
    }
}
