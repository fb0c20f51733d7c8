using StableDiffusion.Diffusion.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>
/// Fills a network that was built without memory (<see cref="LayerFactory.Shapes"/>): each weight is made
/// once, straight from the file, with no random start that would be thrown away.
/// </summary>
internal sealed class WeightLoader
{
    private readonly WeightFiles files;
    private readonly Dictionary<string, string> keyOf;
    private readonly ScalarType dtype;
    private readonly Device device;

    private WeightLoader(WeightFiles files, Dictionary<string, string> keyOf, ScalarType dtype, Device device)
    {
        this.files = files;
        this.keyOf = keyOf;
        this.dtype = dtype;
        this.device = device;
    }

    /// <summary>Checks every key and shape, then replaces the network's parameters.</summary>
    /// <param name="network">A network of shapes.</param>
    /// <param name="files">Its weights.</param>
    /// <param name="rename">From a key of the file to the network's, or null for what is no weight.</param>
    /// <param name="dtype">The floating-point type that the weights get.</param>
    /// <param name="device">Where they go.</param>
    /// <exception cref="MismatchedWeightsException">A key is missing, unexpected or misshapen.</exception>
    public static void Load(Module network, WeightFiles files, Func<string, string?> rename, ScalarType dtype, Device device) =>
        new WeightLoader(files, Match(network, files, rename), dtype, device).Fill(network, "");

    /// <summary>The file's key for each of the network's.</summary>
    private static Dictionary<string, string> Match(Module network, WeightFiles files, Func<string, string?> rename)
    {
        var wanted = network.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter.shape);
        var keyOf = new Dictionary<string, string>(StringComparer.Ordinal);
        List<string> unexpected = [], misshapen = [];
        foreach (var key in files.Names)
        {
            if (rename(key) is not { } name)
            {
                continue;
            }

            if (!wanted.TryGetValue(name, out var shape) || !keyOf.TryAdd(name, key))
            {
                unexpected.Add(key);
            }
            else if (!SameShape(files.Shape(key), shape))
            {
                misshapen.Add($"{key} [{string.Join(", ", files.Shape(key))}] for [{string.Join(", ", shape)}]");
            }
        }

        var missing = wanted.Keys.Where(name => !keyOf.ContainsKey(name)).ToList();
        return missing.Count + unexpected.Count + misshapen.Count == 0
            ? keyOf
            : throw new MismatchedWeightsException(files.Source, missing, unexpected, misshapen);
    }

    /// <summary>Old VAEs have 1×1 convolutions where there are linear layers now: (out, in, 1, 1) serves as (out, in).</summary>
    private static bool SameShape(IReadOnlyList<long> file, long[] network) =>
        file.SequenceEqual(network) || (network.Length == 2 && file.SequenceEqual([.. network, 1, 1]));

    private void Fill(Module module, string prefix)
    {
        foreach (var (name, parameter) in module.named_parameters(recurse: false).ToList())
        {
            var weight = files.Read(keyOf[prefix + name], dtype, device);
            if (weight.dim() != parameter.dim())
            {
                using var convolution = weight;
                weight = convolution.reshape(parameter.shape);
            }

            Set(module, name, new Parameter(weight, parameter.requires_grad));
        }

        foreach (var (name, child) in module.named_children())
        {
            Fill(child, $"{prefix}{name}.");
        }
    }

    private static void Set(Module layer, string name, Parameter value)
    {
        switch (layer, name)
        {
            case (Linear linear, "weight"): linear.weight = value; break;
            case (Linear linear, "bias"): linear.bias = value; break;
            case (Convolution convolution, "weight"): convolution.weight = value; break;
            case (Convolution convolution, "bias"): convolution.bias = value; break;
            case (GroupNorm norm, "weight"): norm.weight = value; break;
            case (GroupNorm norm, "bias"): norm.bias = value; break;
            case (LayerNorm norm, "weight"): norm.weight = value; break;
            case (LayerNorm norm, "bias"): norm.bias = value; break;
            case (Embedding embedding, "weight"):
                value.DetachFromDisposeScope(); // TorchSharp's Embedding, unlike the others, leaves it in the caller's scope
                embedding.weight = value;
                break;
            case (IHasOwnParameters owner, _):
                value.DetachFromDisposeScope();
                owner.Set(name, value);
                break;
            default: throw new NotSupportedException($"No way to set {name} of {layer.GetName()}.");
        }
    }
}
