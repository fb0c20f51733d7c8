using System.Security.Cryptography;
using System.Text;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Adapters;

/// <summary>Finds LoRAs, embeddings, VAEs and ControlNets where A1111 keeps them: in the folders Lora, embeddings, VAE and ControlNet beside
/// the models, names in any letter case, and in folders within those.</summary>
public static class AdapterFolders
{
    private const string Config = "config.json", Weights = "*.safetensors";

    private static readonly Dictionary<string, AdapterKind> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Lora"] = AdapterKind.Lora,
        ["embeddings"] = AdapterKind.Embedding,
        ["VAE"] = AdapterKind.Vae,
        ["ControlNet"] = AdapterKind.Controlnet,
    };

    /// <summary>The adapters in <paramref name="folders"/>, by kind and name; of two with one name the folder named first wins. Every file is
    /// read through for its hash.</summary>
    public static IReadOnlyList<AdapterFile> Find(IEnumerable<string> folders, CancellationToken cancellationToken) =>
        [.. folders.Where(folder => !ModelFolder.IsDiffusers(folder)) // a model's own vae is none of these
            .SelectMany(Directory.EnumerateDirectories)
            .Where(folder => Kinds.ContainsKey(Path.GetFileName(folder)))
            .SelectMany(folder => Paths(folder).Select(path => (Kind: Kinds[Path.GetFileName(folder)], Name: Path.GetFileNameWithoutExtension(path), Path: Path.GetFullPath(path))))
            .DistinctBy(found => (found.Kind, found.Name))
            .OrderBy(found => found.Kind).ThenBy(found => found.Name, StringComparer.Ordinal)
            .Select(found => new AdapterFile(new AdapterDescription { Kind = found.Kind, Name = found.Name, Hash = Hash(found.Path, cancellationToken) }, found.Path))];

    // folders in diffusers' layout count whole; all other files of weights by themselves
    private static IEnumerable<string> Paths(string folder) => Directory.EnumerateDirectories(folder)
        .Order(StringComparer.Ordinal)
        .SelectMany(inner => File.Exists(Path.Combine(inner, Config)) ? [inner] : Paths(inner))
        .Concat(Directory.EnumerateFiles(folder, Weights).Order(StringComparer.Ordinal));

    /// <summary>SHA-256 of a file; of a folder over its files' names and hashes.</summary>
    private static string Hash(string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (File.Exists(path))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            return Convert.ToHexStringLower(SHA256.HashData(file));
        }

        var lines = Directory.EnumerateFiles(path).Order(StringComparer.Ordinal).Select(file => $"{Path.GetFileName(file)}  {Hash(file, cancellationToken)}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }
}
