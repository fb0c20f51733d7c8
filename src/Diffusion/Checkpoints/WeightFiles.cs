using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Safetensors;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>The weights of one network: a safetensors file, or several with an index of which tensor is in which.</summary>
internal sealed class WeightFiles : IDisposable
{
    private readonly Dictionary<string, SafetensorsFile> fileOf = new(StringComparer.Ordinal);
    private readonly List<SafetensorsFile> files = [];

    private WeightFiles(string source) => Source = source;

    /// <summary>The file, or the index.</summary>
    public string Source { get; }

    /// <summary>Every tensor's name.</summary>
    public IEnumerable<string> Names => fileOf.Keys;

    /// <summary>Where a network's weights are, in single precision or in half, whole or in parts.</summary>
    /// <param name="folder">The network's folder.</param>
    /// <param name="baseName"><c>model</c> where transformers wrote it, <c>diffusion_pytorch_model</c> where diffusers did.</param>
    /// <param name="preferHalf">Whether the <c>fp16</c> variant is taken where both are there.</param>
    /// <exception cref="ModelFolderException">None is there.</exception>
    public static string Find(string folder, string baseName, bool preferHalf)
    {
        string[] variants = preferHalf ? [".fp16", ""] : ["", ".fp16"];
        string[] names = [.. variants.SelectMany(variant => IndexNames(baseName, variant).Prepend($"{baseName}{variant}.safetensors"))];
        if (names.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } found)
        {
            return found;
        }

        var pickle = Directory.Exists(folder) ? Directory.EnumerateFiles(folder).FirstOrDefault(Pickle.IsOne) : null;
        throw new ModelFolderException(folder, pickle is null
            ? $"it has no weights; looked for {string.Join(", ", names)}"
            : Pickle.Refusal(Path.GetFileName(pickle)));
    }

    /// <summary>Opens a file that somebody named.</summary>
    /// <exception cref="ModelFolderException">It is no safetensors file.</exception>
    public static WeightFiles OpenFile(string path)
    {
        if (Pickle.IsOne(path))
        {
            throw new ModelFolderException(path, Pickle.Refusal("it"));
        }

        return path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
            ? Open(path)
            : throw new ModelFolderException(path, "it is no .safetensors file and no folder in diffusers' layout");
    }

    /// <summary>The safetensors files behind what <see cref="Find"/> found, which may be an index.</summary>
    public static IReadOnlyList<string> Parts(string source)
    {
        if (!source.EndsWith(".json", StringComparison.Ordinal))
        {
            return [source];
        }

        if (ConfigFile.ReadObject(source)["weight_map"] is not JsonObject map)
        {
            throw new ModelFolderException(source, "it has no weight_map");
        }

        var folder = Path.GetDirectoryName(source)!;
        var names = map.Select(pair => pair.Value?.ToString() ?? "").Distinct().Order(StringComparer.Ordinal).ToList();
        var lost = names.FirstOrDefault(name => Path.GetFileName(name) != name || !File.Exists(Path.Combine(folder, name)));
        return lost is null
            ? [.. names.Select(name => Path.Combine(folder, name))]
            : throw new ModelFolderException(source, $"its part '{lost}' is not beside it");
    }

    /// <summary>Opens what <see cref="Find"/> found, with all of its parts.</summary>
    public static WeightFiles Open(string source)
    {
        var weights = new WeightFiles(source);
        try
        {
            foreach (var part in Parts(source))
            {
                weights.Add(new SafetensorsFile(part));
            }
        }
        catch
        {
            weights.Dispose();
            throw;
        }

        return weights;
    }

    /// <summary>What a tensor is; its numbers are not read.</summary>
    public SafetensorsEntry this[string name] => fileOf[name].Tensors[name];

    /// <summary>Whether there is a tensor of this name.</summary>
    public bool Has(string name) => fileOf.ContainsKey(name);

    /// <inheritdoc cref="SafetensorsFile.Read"/>
    public Tensor Read(string name, ScalarType? dtype, Device? device) => fileOf[name].Read(name, dtype, device);

    /// <inheritdoc/>
    public void Dispose() => files.ForEach(file => file.Dispose());

    /// <summary>Early versions of diffusers put a variant's name one part further to the front.</summary>
    private static IEnumerable<string> IndexNames(string baseName, string variant) =>
        new[] { $"{baseName}.safetensors.index{variant}.json", $"{baseName}.safetensors{variant}.index.json" }.Distinct();

    private void Add(SafetensorsFile file)
    {
        files.Add(file);
        foreach (var name in file.Tensors.Keys)
        {
            if (!fileOf.TryAdd(name, file))
            {
                throw new SafetensorsException(file.Path, name, "another part of the same weights has it too");
            }
        }
    }
}
