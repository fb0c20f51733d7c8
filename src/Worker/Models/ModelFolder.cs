using System.Text.RegularExpressions;

namespace StableDiffusion.Worker.Models;

/// <summary>A diffusers folder on disk; the folder's name is the model's.</summary>
/// <param name="Name">The name requests use, also the end of the queue's name.</param>
/// <param name="Path">Absolute.</param>
public sealed partial record ModelFolder(string Name, string Path)
{
    private const string Index = "model_index.json";

    /// <summary>Why the model cannot be offered under this name; null when it can.</summary>
    public string? NameFault => QueueName().IsMatch(Name)
        ? null
        : $"the folder's name \"{Name}\" becomes a queue's name and may only hold letters, digits, '.', '_' and '-'";

    /// <summary>
    /// The models in <paramref name="folders"/>: each subfolder that holds a model_index.json, or the folder itself where it
    /// does. Sorted by name; of two with one name the folder named first wins.
    /// </summary>
    /// <exception cref="DirectoryNotFoundException">A folder does not exist.</exception>
    public static IReadOnlyList<ModelFolder> Find(IEnumerable<string> folders) =>
        [.. folders
            .SelectMany(folder => File.Exists(System.IO.Path.Combine(folder, Index)) ? [folder] : Directory.EnumerateDirectories(folder))
            .Where(folder => File.Exists(System.IO.Path.Combine(folder, Index)))
            .Select(System.IO.Path.GetFullPath)
            .Select(path => new ModelFolder(System.IO.Path.GetFileName(path.TrimEnd('/')), path))
            .DistinctBy(model => model.Name)
            .OrderBy(model => model.Name, StringComparer.Ordinal)];

    [GeneratedRegex("^[A-Za-z0-9._-]{1,200}$")]
    private static partial Regex QueueName();
}
