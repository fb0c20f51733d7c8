using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Diffusion;
using StableDiffusion.Diffusion.Safetensors;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Adapters;

/// <summary>
/// Finds LoRAs, embeddings, VAEs and ControlNets where A1111 keeps them: in the folders Lora, embeddings, VAE and ControlNet beside the
/// models, names in any letter case, and in folders within those. Every file is read through for its hash once, and again when its length
/// or time changes; one that is not whole, as while it is being copied, is left out until it is. Not for several threads.
/// </summary>
/// <param name="options">Where the worker's own lie.</param>
/// <param name="logger">Is told what is left out.</param>
/// <param name="pulled">What comes from the farm's store, which goes first: what is registered is what requests mean. Null for nothing.</param>
public sealed partial class AdapterFolders(IOptions<WorkerOptions> options, ILogger<AdapterFolders> logger, CacheView? pulled = null)
{
    private const string Config = "config.json", PeftConfig = "adapter_config.json", Weights = "*.safetensors";
    private const int DeepestFolder = 8; // links may lead in circles

    private static readonly Dictionary<string, AdapterKind> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Lora"] = AdapterKind.Lora,
        ["embeddings"] = AdapterKind.Embedding,
        ["VAE"] = AdapterKind.Vae,
        ["ControlNet"] = AdapterKind.Controlnet,
    };

    private Dictionary<string, AdapterFile> known = []; // by path
    private readonly HashSet<string> leftOut = []; // paths that the log was told of

    /// <summary>The adapters that are there now, by kind and name; of two with one name the folder named first wins.</summary>
    /// <exception cref="IOException">A folder cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public async Task<IReadOnlyList<AdapterFile>> FindAsync(CancellationToken cancellationToken)
    {
        SortedDictionary<(AdapterKind, string), AdapterFile> found = new(Comparer<(AdapterKind Kind, string Name)>.Create(
            (one, other) => one.Kind != other.Kind ? one.Kind.CompareTo(other.Kind) : string.CompareOrdinal(one.Name, other.Name)));
        foreach (var (kind, path) in Candidates())
        {
            var name = Name(path);
            if (!found.ContainsKey((kind, name)) && await ReadAsync(kind, name, path, cancellationToken).ConfigureAwait(false) is { } file)
            {
                found.Add((kind, name), file);
            }
        }

        known = found.Values.ToDictionary(file => file.Path);
        return [.. found.Values];
    }

    private IEnumerable<(AdapterKind Kind, string Path)> Candidates() => options.Value.ModelFolders
        .Where(folder => !ModelFolder.IsDiffusers(folder)) // a model's own vae is none of these
        .Prepend(pulled?.Adapters).OfType<string>().Where(folder => folder != pulled?.Adapters || Directory.Exists(folder))
        .SelectMany(Directory.EnumerateDirectories)
        .Where(folder => Kinds.ContainsKey(Path.GetFileName(folder)))
        .SelectMany(folder => Paths(Path.GetFullPath(folder), DeepestFolder).Select(path => (Kinds[Path.GetFileName(folder)], path)));

    // folders in diffusers' layout count whole; all other files of weights by themselves
    private static IEnumerable<string> Paths(string folder, int depth) => Directory.EnumerateDirectories(folder)
        .Order(StringComparer.Ordinal)
        .SelectMany(inner => File.Exists(Path.Combine(inner, Config)) ? [inner] : depth > 1 ? Paths(inner, depth - 1) : [])
        .Concat(Directory.EnumerateFiles(folder, Weights).Order(StringComparer.Ordinal));

    /// <summary>The file's, or the folder's where training scripts give each file the same.</summary>
    private static string Name(string path) => Path.GetFileNameWithoutExtension(path) is var name && name is "adapter_model" or "pytorch_lora_weights"
        ? Path.GetFileName(Path.GetDirectoryName(path)!)
        : Directory.Exists(path) ? Path.GetFileName(path) : name;

    /// <summary>All that an adapter is read from.</summary>
    private static string[] Files(AdapterKind kind, string path)
    {
        if (Directory.Exists(path))
        {
            return [.. Directory.EnumerateFiles(path).Order(StringComparer.Ordinal)];
        }

        var beside = Path.Combine(Path.GetDirectoryName(path)!, kind == AdapterKind.Lora ? PeftConfig : Config);
        return kind != AdapterKind.Embedding && File.Exists(beside) ? [path, beside] : [path];
    }

    /// <summary>Null for what cannot be drawn with for now.</summary>
    private async Task<AdapterFile?> ReadAsync(AdapterKind kind, string name, string path, CancellationToken cancellationToken)
    {
        try
        {
            FileStamp[] files = [.. Files(kind, path).Select(FileStamp.Of)];
            if (known.TryGetValue(path, out var file) && file.Files.SequenceEqual(files))
            {
                return file;
            }

            CheckWhole(path, files);
            var hash = await HashAsync(files, cancellationToken).ConfigureAwait(false);
            file = new AdapterFile(new AdapterDescription { Kind = kind, Name = name, Hash = hash }, path, files);
            if (file.IsAsHashed)
            {
                leftOut.Remove(path);
                return file;
            }
        }
        catch (Exception error) when (error is InvalidModelException or IOException or UnauthorizedAccessException)
        {
            if (leftOut.Add(path))
            {
                LogLeftOut(error, path, error.Message);
            }
        }

        return null;
    }

    private static void CheckWhole(string path, FileStamp[] files)
    {
        string[] weights = [.. files.Select(file => file.Path).Where(file => file.EndsWith(Weights[1..], StringComparison.Ordinal))];
        if (weights.Length == 0)
        {
            throw new IOException($"{path} has no {Weights} yet.");
        }

        foreach (var file in weights)
        {
            SafetensorsFile.Check(file);
        }
    }

    /// <summary>SHA-256 of a file; of several over their names and hashes.</summary>
    private static async Task<string> HashAsync(FileStamp[] files, CancellationToken cancellationToken)
    {
        List<string> hashes = [];
        foreach (var file in files)
        {
            await using var stream = new FileStream(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
            hashes.Add(Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false)));
        }

        return hashes is [var only] ? only : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
            string.Concat(files.Zip(hashes, (file, hash) => $"{Path.GetFileName(file.Path)}  {hash}\n")))));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The adapter {Path} is left out until it changes: {Reason}")]
    private partial void LogLeftOut(Exception error, string path, string reason);
}
