using System.Text.RegularExpressions;

namespace StableDiffusion.Worker.Models;

/// <summary>A model on disk: a diffusers folder or a single-file checkpoint, whose name without extension is the model's.</summary>
/// <param name="Name">The name requests use, also the end of the queue's name.</param>
/// <param name="Path">Absolute.</param>
public sealed partial record ModelFolder(string Name, string Path)
{
    private const string Index = "model_index.json", Weights = ".safetensors", Pickle = ".ckpt", Vae = ".vae"; // a pickle is listed to be refused with the reason
    private const string Checkpoints = "Stable-diffusion"; // A1111's folder of them

    /// <summary>Whether it is a checkpoint in one file.</summary>
    internal bool IsFile => Path.EndsWith(Weights, StringComparison.Ordinal);

    /// <summary>Why the model cannot be offered under this name; null when it can.</summary>
    public string? NameFault => QueueName().IsMatch(Name)
        ? null
        : $"the name \"{Name}\" becomes a queue's name and may only hold letters, digits, '.', '_' and '-': rename it";

    /// <summary>
    /// The models in <paramref name="folders"/>: each subfolder that holds a model_index.json, or the folder itself where it
    /// does, and each .safetensors or .ckpt file in it or in its Stable-diffusion. Sorted by name; of two with one name a file wins, to
    /// which a folder of that name is the configuration, and then the folder named first.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">A folder does not exist.</exception>
    public static IReadOnlyList<ModelFolder> Find(IEnumerable<string> folders)
    {
        List<string> places = [.. folders.SelectMany(folder => IsDiffusers(folder) ? [folder] : new[] { folder, System.IO.Path.Combine(folder, Checkpoints) }.Where(Directory.Exists))];
        var files = places.Where(place => !IsDiffusers(place)).SelectMany(place => Directory.EnumerateFiles(place, "*" + Weights).Concat(Directory.EnumerateFiles(place, "*" + Pickle)))
            .Select(file => new ModelFolder(System.IO.Path.GetFileNameWithoutExtension(file), System.IO.Path.GetFullPath(file)))
            .Where(file => !file.Name.EndsWith(Vae, StringComparison.OrdinalIgnoreCase));
        var models = places.SelectMany(place => IsDiffusers(place) ? [place] : Directory.EnumerateDirectories(place).Where(IsDiffusers))
            .Select(System.IO.Path.GetFullPath)
            .Select(path => new ModelFolder(System.IO.Path.GetFileName(path.TrimEnd('/')), path));
        return [.. files.Concat(models).DistinctBy(model => model.Name).OrderBy(model => model.Name, StringComparer.Ordinal)];
    }

    /// <summary>Whether the folder is a model in diffusers' layout.</summary>
    internal static bool IsDiffusers(string folder) => File.Exists(System.IO.Path.Combine(folder, Index));

    [GeneratedRegex("^[A-Za-z0-9._-]{1,200}$")]
    private static partial Regex QueueName();
}
