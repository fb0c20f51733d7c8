using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Files;

/// <summary>A file as it lies in the object store: one .safetensors object, or a folder in diffusers' layout.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Name">The name requests use.</param>
/// <param name="Key">The object's, or with a slash at its end the folder's.</param>
/// <param name="Objects">What belongs to it, with its place beside others of the kind (see <see cref="FilePart.Path"/>), sorted by that.</param>
public sealed record FoundFile(FileKind Kind, string Name, string Key, IReadOnlyList<(string Path, ObjectEntry Entry)> Objects)
{
    private const string ModelIndex = "model_index.json", Config = "config.json", Tokenizer = "tokenizer/";
    private static readonly string[] Read = [FileName.Weights, ".json", ".txt"]; // of what lies in a published folder, READMEs, pictures and pickles are left where they are

    /// <summary>Changes when an object is replaced, added or taken away.</summary>
    public string Stamp => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(Objects.Select(found =>
        string.Create(CultureInfo.InvariantCulture, $"{found.Entry.Key}\n{found.Entry.Length}\n{found.Entry.LastModified.UtcTicks}\n"))))));

    /// <summary>What lies where it is looked for: models/checkpoints/NAME.safetensors or NAME/model_index.json, models/loras/NAME.safetensors, likewise embeddings/,
    /// and vae/ and controlnets/ with NAME.safetensors or NAME/config.json.</summary>
    /// <param name="listing">All of models/.</param>
    public static IReadOnlyList<FoundFile> InPlace(IReadOnlyList<ObjectEntry> listing)
    {
        List<FoundFile> found = [];
        foreach (var kind in FileKinds.All)
        {
            var folder = kind.Folder();
            var keys = listing.Select(entry => entry.Key).Where(key => key.StartsWith(folder, StringComparison.Ordinal)).ToList();
            var files = keys.Where(key => !key[folder.Length..].Contains('/') && key.EndsWith(FileName.Weights, StringComparison.Ordinal));
            var mark = "/" + (kind == FileKind.Checkpoint ? ModelIndex : Config);
            var folders = !kind.MayBeFolder() ? [] : keys
                .Where(key => key.EndsWith(mark, StringComparison.Ordinal) && key[folder.Length..].Count(c => c == '/') == 1)
                .Select(key => key[..^(mark.Length - 1)]);
            found.AddRange(files.Concat(folders) // of a file and a folder with one name, the folder is the file's configuration
                .Select(key => (Key: key, Name: NameOf(key))).DistinctBy(place => place.Name)
                .Select(place => At(kind, place.Name, place.Key, listing)).OfType<FoundFile>());
        }

        return found;
    }

    /// <summary>What lies at a key; null when nothing does.</summary>
    public static FoundFile? At(FileKind kind, string name, string key, IReadOnlyList<ObjectEntry> listing)
    {
        IEnumerable<(string Path, ObjectEntry Entry)> objects = key.EndsWith('/')
            ? Within(key, $"{name}/", listing).Where(found => kind == FileKind.Checkpoint || !found.Path[(name.Length + 1)..].Contains('/'))
            : File(kind, name, key, listing);
        var sorted = objects.OrderBy(found => found.Path, StringComparer.Ordinal).ToList();
        return sorted.Count > 0 && (key.EndsWith('/') || sorted.Exists(found => found.Entry.Key == key)) ? new FoundFile(kind, name, key, sorted) : null;
    }

    /// <summary>The name of the object or folder at a key.</summary>
    public static string NameOf(string key)
    {
        var name = key.TrimEnd('/').Split('/')[^1];
        return name.EndsWith(FileName.Weights, StringComparison.Ordinal) ? name[..^FileName.Weights.Length] : name;
    }

    /// <summary>One file, and what a checkpoint does not contain: the configuration beside it, and the vocabulary that it shares with others.</summary>
    private static IEnumerable<(string Path, ObjectEntry Entry)> File(FileKind kind, string name, string key, IReadOnlyList<ObjectEntry> listing)
    {
        var bare = key.EndsWith(FileName.Weights, StringComparison.Ordinal) ? key[..^FileName.Weights.Length] : key;
        var whole = listing.Where(entry => entry.Key == key).Select(entry => (name + FileName.Weights, entry));
        return kind != FileKind.Checkpoint ? whole
            : whole.Concat(listing.Where(entry => entry.Key == bare + ".yaml").Select(entry => (name + ".yaml", entry)))
                .Concat(Within(bare + "/", $"{name}/", listing).Where(found => !found.Path.EndsWith(FileName.Weights, StringComparison.Ordinal)))
                .Concat(Within(key[..(key.LastIndexOf('/') + 1)] + Tokenizer, Tokenizer, listing));
    }

    private static IEnumerable<(string Path, ObjectEntry Entry)> Within(string folder, string place, IReadOnlyList<ObjectEntry> listing) => listing
        .Where(entry => entry.Key.StartsWith(folder, StringComparison.Ordinal) && Read.Any(end => entry.Key.EndsWith(end, StringComparison.Ordinal)))
        .Select(entry => (place + entry.Key[folder.Length..], entry));
}
