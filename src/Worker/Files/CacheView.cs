using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;

namespace StableDiffusion.Worker.Files;

/// <summary>
/// Pulled files as loaders look for them: links by name to the cache's files by hash. Adapters lie as beside A1111's models, in Lora, embeddings, VAE and
/// ControlNet, so that this is one more folder to <see cref="Adapters.AdapterFolders"/>; checkpoints in a folder of their own.
/// </summary>
public sealed class CacheView(FileCache cache, IOptions<PullOptions> options)
{
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

    /// <summary>Shows a checkpoint whose parts are here; its path, a file's or a folder's.</summary>
    public string Show(IndexedFile checkpoint)
    {
        lock (turn)
        {
            foreach (var part in checkpoint.Parts)
            {
                Link(Path.Combine(Checkpoints, part.Path), cache.PathOf(part.Sha256));
            }

            var (file, folder) = (Path.Combine(Checkpoints, checkpoint.Name + FileName.Weights), Path.Combine(Checkpoints, checkpoint.Name));
            var isFile = checkpoint.Parts.Any(part => part.Path == checkpoint.Name + FileName.Weights);
            if (!isFile)
            {
                File.Delete(file); // of a former one of that name: a file would win
            }

            RemoveOthers(folder, [.. checkpoint.Parts.Select(part => Path.Combine(Checkpoints, part.Path))]);
            return isFile ? file : folder;
        }
    }

    /// <summary>Gives single files a vocabulary of this machine's, which they do not contain, where the store has none.</summary>
    public void LendTokenizer(string folder)
    {
        var link = Path.Combine(Checkpoints, "tokenizer");
        lock (turn)
        {
            if (!Path.Exists(link))
            {
                Directory.CreateDirectory(Checkpoints);
                Directory.CreateSymbolicLink(link, Path.GetFullPath(folder));
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

        var folder = Path.GetDirectoryName(path)!;
        if (new DirectoryInfo(folder).LinkTarget is not null)
        {
            Directory.Delete(folder); // a lent vocabulary; the store has one now
        }

        Directory.CreateDirectory(folder);
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
