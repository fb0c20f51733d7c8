using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Checkpoints.Ldm;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>The weights of a model that LoRAs can change, by the layers' names with underscores.</summary>
internal sealed class LoraTargets
{
    private const string Weight = ".weight";

    private readonly StableDiffusionModel model;
    private readonly Dictionary<(LoraComponent Component, string Layer), Parameter> weights = [];
    private readonly Dictionary<string, string> ldmNames = new(StringComparer.Ordinal); // of the U-Net: kohya's scripts train SDXL under them

    public LoraTargets(StableDiffusionModel model)
    {
        this.model = model;
        Add(LoraComponent.UNet, model.UNet);
        foreach (var (_, encoder) in model.TextEncoders)
        {
            Add(encoder == model.TextEncoder ? LoraComponent.TextEncoder : LoraComponent.TextEncoder2, encoder);
        }

        var table = LdmUNet.Names(model.UNet.Config);
        foreach (string name in Layers(model.UNet).Select(layer => layer.Name))
        {
            if (table.ToLdm(name) is { } ldm)
            {
                ldmNames.Add(LoraKey.Flat(ldm), LoraKey.Flat(name));
            }
        }
    }

    /// <summary>The layers of a file, as the model names them, that change a weight each.</summary>
    /// <exception cref="LoraException">The file is for another model; the message says for which, where that can be told.</exception>
    public IEnumerable<LoraLayer> Match(LoraFile lora)
    {
        LoraLayer[] layers = [.. lora.Layers.Select(OwnName)];
        string[] unknown = [.. layers.Where(layer => !weights.ContainsKey(Key(layer))).Select(layer => $"{layer.Component}: {layer.Name}")];
        string[] misshapen = [.. layers
            .Where(layer => weights.TryGetValue(Key(layer), out var weight) && !layer.Fits(weight.shape))
            .Select(layer => $"{layer.Component}: {layer.Name} [{string.Join(", ", layer.Shape)}] for [{string.Join(", ", Of(layer).shape)}]")];
        return unknown.Length + misshapen.Length == 0
            ? layers
            : throw new LoraException(lora.Path, LoraFamily.Explain(lora, model, unknown.Length > 0), [.. unknown, .. misshapen]);
    }

    /// <summary>The weight that a layer changes, once it is known to match.</summary>
    public Parameter Of(LoraLayer layer) => weights[Key(layer)];

    private static (LoraComponent Component, string Layer) Key(LoraLayer layer) => (layer.Component, layer.Name);

    private static IEnumerable<(string Name, Parameter Weight)> Layers(Module network) => network.named_parameters()
        .Where(pair => pair.name.EndsWith(Weight, StringComparison.Ordinal) && pair.parameter.dim() is 2 or 4)
        .Select(pair => (pair.name[..^Weight.Length], pair.parameter));

    private LoraLayer OwnName(LoraLayer layer) =>
        layer.Component == LoraComponent.UNet && ldmNames.TryGetValue(layer.Name, out string? name) ? layer with { Name = name } : layer;

    private void Add(LoraComponent component, Module network)
    {
        foreach (var (name, weight) in Layers(network))
        {
            weights.Add((component, LoraKey.Flat(name)), weight);
        }
    }
}
