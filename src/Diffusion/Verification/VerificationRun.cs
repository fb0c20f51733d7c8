using System.Text.Json;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>The folder that a verification runs on, and what on. Remembers what was read, so that the rest can be told as not
/// covered.</summary>
internal sealed class VerificationRun(string folder, Device device, ScalarType dtype)
{
    private readonly HashSet<string> used = new(StringComparer.Ordinal);

    public Device Device { get; } = device;

    public ScalarType Dtype { get; } = dtype;

    /// <summary>Whether differences are held against their bounds; half precision is only reported.</summary>
    public bool Judged => Dtype == ScalarType.Float32;

    /// <summary>The published bound for single precision on a CPU; other devices sum in another order and get ten times that.</summary>
    public double Bound(double onCpu) => Device.type == DeviceType.CPU ? onCpu : onCpu * 10;

    public bool Has(string path) => File.Exists(Path.Combine(folder, path)) || Directory.Exists(Path.Combine(folder, path));

    /// <summary>The full path of a file or folder, which counts as read from now on with all that it holds.</summary>
    public string Use(string path)
    {
        used.Add(path);
        return Path.Combine(folder, path);
    }

    /// <summary>Files directly in a sub-folder that end in <paramref name="extension"/>, as paths in the folder, in order.</summary>
    public IReadOnlyList<string> Files(string subfolder, string extension) => Directory.Exists(Path.Combine(folder, subfolder))
        ? [.. Directory.EnumerateFiles(Path.Combine(folder, subfolder), "*" + extension).Select(Relative).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Folders directly in a sub-folder, as paths in the folder, in order.</summary>
    public IReadOnlyList<string> Folders(string subfolder) => Directory.Exists(Path.Combine(folder, subfolder))
        ? [.. Directory.EnumerateDirectories(Path.Combine(folder, subfolder)).Select(Relative).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>Reads a JSON file.</summary>
    /// <exception cref="InvalidDataException">It is not JSON.</exception>
    public JsonElement ReadJson(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(PythonJson.Quote(File.ReadAllText(Use(path))));
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{path} is not JSON: {error.Message}", error);
        }
    }

    /// <summary>Opens a file of tensors; the caller disposes it.</summary>
    public SafetensorsFile OpenTensors(string path) => new(Use(path));

    /// <summary>The rows of a check, or of a part of one. What it throws ends it with a failed row, and the others still run.</summary>
    public static IReadOnlyList<VerificationRow> Guarded(string part, Func<IEnumerable<VerificationRow>> check)
    {
        var rows = new List<VerificationRow>();
        try
        {
            rows.AddRange(check());
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            rows.Add(new VerificationRow(part, 1, VerificationOutcome.Failed, Note: LibTorchError.Words(error)));
        }

        return rows;
    }

    /// <summary>Files that nothing has read, by top-level entry, except the description of the folder itself.</summary>
    public IEnumerable<VerificationRow> Untouched()
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(Relative)
            .Where(file => file is not ("README.md" or "versions.json"))
            .Where(file => !used.Any(read => file == read || file.StartsWith(read + "/", StringComparison.Ordinal)));
        foreach (var group in files.GroupBy(Group).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            yield return new VerificationRow(group.Key, group.Count(), VerificationOutcome.NotCovered, Note: "nothing that is built reads it");
        }
    }

    private static string Group(string file) => file.Split('/') switch
    {
        [var top, var second, _, ..] => $"{top}/{second}",
        [var top, _] => top,
        _ => file,
    };

    private string Relative(string path) => Path.GetRelativePath(folder, path).Replace('\\', '/');
}
