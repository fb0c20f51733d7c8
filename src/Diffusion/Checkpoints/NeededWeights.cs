using System.Text.RegularExpressions;
using StableDiffusion.Diffusion.Safetensors;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>Which of the weights in a published folder are loaded: published are most often the same ones several times over, in single and in half precision,
/// with and without averaging, and once more in one file.</summary>
public static partial class NeededWeights
{
    private const string Extension = ".safetensors", Half = ".fp16";

    private static readonly Dictionary<string, string> Networks = new(StringComparer.Ordinal)
    {
        ["unet"] = NetworkFolder.DiffusersName, ["vae"] = NetworkFolder.DiffusersName,
        ["text_encoder"] = NetworkFolder.TransformersName, ["text_encoder_2"] = NetworkFolder.TransformersName,
    };

    /// <summary>Those of the files of a folder in diffusers' layout that loading it reads, as <see cref="StableDiffusionModel.Load"/> chooses among them: weights
    /// that it takes, and all that is no weights.</summary>
    /// <param name="paths">Within the folder, with slashes.</param>
    /// <param name="dtype">The type that the weights get; for halves the <c>fp16</c> variant is preferred.</param>
    public static IReadOnlyList<string> Of(IEnumerable<string> paths, ScalarType dtype)
    {
        var all = paths.ToList();
        var needed = Networks.SelectMany(network => OfNetwork(all, network.Key, network.Value, dtype)).ToHashSet(StringComparer.Ordinal);
        return [.. all.Where(path => !path.EndsWith(Extension, StringComparison.Ordinal) || needed.Contains(path))];
    }

    /// <summary>How many numbers there are in the weights that loading a model reads, by the heads of its files; averaged ones beside those of a single file do not count.</summary>
    /// <param name="path">The model's folder or file.</param>
    /// <param name="dtype">As with <see cref="Of"/>.</param>
    /// <exception cref="InvalidModelException">A file is truncated, corrupt or no safetensors file.</exception>
    public static long Count(string path, ScalarType dtype)
    {
        var files = File.Exists(path) ? [path]
            : Of(Directory.EnumerateFiles(path, "*" + Extension, SearchOption.AllDirectories).Select(file => Path.GetRelativePath(path, file).Replace(Path.DirectorySeparatorChar, '/')), dtype)
                .Select(file => Path.Combine(path, file));
        return files.Sum(one =>
        {
            using var file = new SafetensorsFile(one);
            return file.Tensors.Where(tensor => !tensor.Key.StartsWith("model_ema.", StringComparison.Ordinal)).Sum(tensor => tensor.Value.Shape.Aggregate(1L, (count, size) => count * size));
        });
    }

    private static IEnumerable<string> OfNetwork(IEnumerable<string> paths, string folder, string baseName, ScalarType dtype)
    {
        var weights = paths.Where(path => path.EndsWith(Extension, StringComparison.Ordinal) && Path.GetDirectoryName(path) == folder)
            .Select(path => (Path: path, Name: Path.GetFileName(path)[..^Extension.Length])).ToList();
        string[] variants = dtype is ScalarType.Float16 or ScalarType.BFloat16 ? [Half, ""] : ["", Half];
        foreach (var variant in variants)
        {
            var whole = weights.Where(file => file.Name == baseName + variant).ToList();
            var chosen = whole.Count > 0 ? whole : weights.Where(file => Part().Match(file.Name) is { Success: true } part
                && part.Groups["base"].Value == baseName && part.Groups["before"].Value + part.Groups["after"].Value == variant).ToList();
            if (chosen.Count > 0)
            {
                return chosen.Select(file => file.Path);
            }
        }

        return weights.Select(file => file.Path); // named otherwise: the loader says what it misses
    }

    // diffusers writes name-00001-of-00002.fp16, its early versions and transformers name.fp16-00001-of-00002
    [GeneratedRegex(@"^(?<base>\w+)(?<before>\.fp16)?-\d{5}-of-\d{5}(?<after>\.fp16)?$")]
    private static partial Regex Part();
}
