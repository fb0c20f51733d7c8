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
    private readonly Dictionary<string, WeightPlace> places;
    private readonly ScalarType dtype;
    private readonly Device device;

    private WeightLoader(WeightFiles files, Dictionary<string, WeightPlace> places, ScalarType dtype, Device device)
    {
        this.files = files;
        this.places = places;
        this.dtype = dtype;
        this.device = device;
    }

    /// <summary>
    /// Checks every key and shape, then replaces the network's parameters and puts it in evaluation mode. Where that fails,
    /// the network is disposed.
    /// </summary>
    /// <param name="network">A network of shapes.</param>
    /// <param name="files">Its weights.</param>
    /// <param name="layout">From a key of the files to the network's.</param>
    /// <param name="dtype">The floating-point type that the weights get.</param>
    /// <param name="device">Where they go.</param>
    /// <param name="strict">Whether a weight of the files that the network does not have is an error.</param>
    /// <param name="read">Gets the keys that were read.</param>
    /// <exception cref="MismatchedWeightsException">A key is missing, unexpected, misshapen or holds no floating-point numbers.</exception>
    public static TNetwork Load<TNetwork>(
        TNetwork network, WeightFiles files, WeightLayout layout, ScalarType dtype, Device device, bool strict = true, ISet<string>? read = null)
        where TNetwork : Module
    {
        try
        {
            var places = Match(network, files, layout, strict);
            new WeightLoader(files, places, dtype, device).Fill(network, "");
            read?.UnionWith(places.Values.Select(place => place.Key));
        }
        catch
        {
            network.Dispose();
            throw;
        }

        network.eval();
        return network;
    }

    /// <summary>Where each of the network's weights lies.</summary>
    private static Dictionary<string, WeightPlace> Match(Module network, WeightFiles files, WeightLayout layout, bool strict)
    {
        var wanted = network.named_parameters().ToDictionary(pair => pair.name, pair => pair.parameter.shape);
        var places = new Dictionary<string, WeightPlace>(StringComparer.Ordinal);
        List<string> unexpected = [], misshapen = [];
        foreach (var (name, place) in files.Names.SelectMany(key => layout(key)))
        {
            if (!files.Has(place.Key))
            {
                continue; // averaged weights, of which a file may have none
            }

            var tensor = files[place.Key];
            if (!wanted.TryGetValue(name, out var shape) || !places.TryAdd(name, place))
            {
                unexpected.Add(place.Key);
            }
            else if (!Fits(tensor.Shape, place, shape))
            {
                misshapen.Add($"{place.Key} [{string.Join(", ", tensor.Shape)}] for [{string.Join(", ", shape)}]");
            }
            else if (!is_floating_point(tensor.DType))
            {
                misshapen.Add($"{place.Key} holds {tensor.DType}, no floating-point numbers");
            }
        }

        var missing = wanted.Keys.Where(name => !places.ContainsKey(name)).ToList();
        return missing.Count + misshapen.Count + (strict ? unexpected.Count : 0) == 0
            ? places
            : throw new MismatchedWeightsException(files.Source, network.GetName(), missing, strict ? unexpected : [], misshapen);
    }

    /// <summary>LDM and old VAEs have 1×1 convolutions where there are linear layers now: (out, in, 1, 1) serves as (out, in).</summary>
    private static bool Fits(IReadOnlyList<long> file, WeightPlace place, long[] network)
    {
        long[] whole = place.Transposed ? [.. network.Reverse()]
            : place.Parts > 1 ? [network[0] * place.Parts, .. network[1..]]
            : network;
        return file.SequenceEqual(whole) || (network.Length == 2 && file.SequenceEqual([.. whole, 1, 1]));
    }

    private Tensor Read(WeightPlace place, long[] shape)
    {
        using var scope = NewDisposeScope();
        var tensor = files.Read(place.Key, dtype, device);
        if (place.Parts > 1)
        {
            tensor = tensor.narrow(0, place.Part * shape[0], shape[0]).clone(); // the whole is let go
        }

        if (place.Transposed)
        {
            tensor = tensor.t().contiguous();
        }

        return scope.MoveToOuter(tensor.dim() == shape.Length ? tensor : tensor.reshape(shape));
    }

    private void Fill(Module module, string prefix)
    {
        foreach (var (name, parameter) in module.named_parameters(recurse: false).ToList())
        {
            Set(module, name, new Parameter(Read(places[prefix + name], parameter.shape), parameter.requires_grad));
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
