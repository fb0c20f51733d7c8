using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;

namespace StableDiffusion.Worker.Files;

/// <summary>
/// Pulled files as loaders look for them: links by name to the cache's files by hash. Adapters lie as beside A1111's models, in Lora, embeddings, VAE and
/// ControlNet, so that this is one more folder to <see cref="Adapters.AdapterFolders"/>; checkpoints in a folder of their own.
/// </summary>
public sealed class CacheView(FileCache cache, IOptions<PullOptions> options)
{
    private const int PlaceDigits = 16; // of a hash, in a path that errors name
    private readonly Lock turn = new();
    private readonly string root = Path.Combine(Path.GetFullPath(options.Value.Cache), "view");

    /// <summary>The folder of adapters' folders; it may not be there yet.</summary>
    public string Adapters => Path.Combine(root, "adapters");

    private string Checkpoints => Path.Combine(root, "checkpoints");

    /// <summary>Shows the adapters of the index that are here, and those alone.</summary>
    public void Show(IEnumerable<IndexedFile> adapters)
    {
        lock (turn)
        {
            var here = adapters.Where(file => file.Parts.All(cache.Has)).ToLookup(file => file.Kind);
            foreach (var kind in FileKinds.All.Where(kind => kind != FileKind.Checkpoint))
            {
                var folder = Path.Combine(Adapters, Folder(kind));
                HashSet<string> wanted = [];
                foreach (var part in here[kind].SelectMany(file => file.Parts))
                {
                    Link(Path.Combine(folder, part.Path), cache.PathOf(part.Sha256));
                    wanted.Add(Path.Combine(folder, part.Path));
                }

                RemoveOthers(folder, wanted);
            }
        }
    }

    /// <summary>Shows those parts of a checkpoint that are here; its path, a file's or a folder's. Every content has a place of its own, where links are only added:
    /// other workers of this machine may be loading it, in another precision, or what had its name before.</summary>
    /// <param name="checkpoint">As it is registered.</param>
    /// <param name="parts">Those of its parts that are here.</param>
    /// <param name="tokenizer">A vocabulary for a single file, which does not contain one; null where the store has it.</param>
    public string Show(IndexedFile checkpoint, IEnumerable<FilePart> parts, string? tokenizer)
    {
        lock (turn)
        {
            var lines = checkpoint.Parts.Select(part => $"{part.Path}  {part.Sha256}\n").Order(StringComparer.Ordinal);
            var place = Path.Combine(Checkpoints, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))))[..PlaceDigits]);
            foreach (var part in parts)
            {
                Link(Path.Combine(place, part.Path), cache.PathOf(part.Sha256));
            }

            foreach (var file in tokenizer is null ? [] : Directory.EnumerateFiles(tokenizer))
            {
                Link(Path.Combine(place, "tokenizer", Path.GetFileName(file)), Path.GetFullPath(file));
            }

            var whole = checkpoint.Name + FileName.Weights;
            return Path.Combine(place, checkpoint.Parts.Any(part => part.Path == whole) ? whole : checkpoint.Name);
        }
    }

    /// <summary>Removes the places of checkpoints of which nothing is here any more.</summary>
    public void Clean()
    {
        foreach (var place in Directory.Exists(Checkpoints) ? Directory.EnumerateDirectories(Checkpoints) : [])
        {
            if (!Directory.EnumerateFiles(place, "*" + FileName.Weights, SearchOption.AllDirectories).Any(File.Exists))
            {
                Directory.Delete(place, recursive: true);
            }
        }
    }

    /// <summary>A1111's names of the folders.</summary>
    private static string Folder(FileKind kind) => kind switch
    {
        FileKind.Lora => "Lora",
        FileKind.Embedding => "embeddings",
        FileKind.Vae => "VAE",
        _ => "ControlNet",
    };

    /// <summary>Makes or turns a link, in one step for who looks meanwhile.</summary>
    private void Link(string path, string target)
    {
        if (new FileInfo(path).LinkTarget == target)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var aside = Path.Combine(root, Guid.NewGuid().ToString("N"));
        File.CreateSymbolicLink(aside, target);
        File.Move(aside, path, overwrite: true);
    }

    /// <summary>Removes links that are not wanted, and folders that are empty then.</summary>
    private static void RemoveOthers(string folder, HashSet<string> wanted)
    {
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => !wanted.Contains(path)))
        {
            File.Delete(path);
        }

        foreach (var empty in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length).Where(path => !Directory.EnumerateFileSystemEntries(path).Any()))
        {
            Directory.Delete(empty);
        }
    }
}
