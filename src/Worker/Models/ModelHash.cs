using System.Security.Cryptography;
using System.Text;

namespace StableDiffusion.Worker.Models;

/// <summary>One hash for all that a model folder's pictures depend on.</summary>
public static class ModelHash
{
    private static readonly string[] Read = [".json", ".txt", ".safetensors"];

    /// <summary>
    /// SHA-256 over one line a file, "HASH  PATH\n" as sha256sum writes it, sorted by path; lower-case hex. Only files of
    /// kinds that a pipeline reads count, so a README or a preview does not change it.
    /// </summary>
    public static string Compute(string folder, CancellationToken cancellationToken)
    {
        var lines = new StringBuilder();
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => Read.Contains(Path.GetExtension(file)))
            .Select(file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'))
            .Order(StringComparer.Ordinal);
        foreach (var file in files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var content = File.OpenRead(Path.Combine(folder, file));
            lines.Append(Convert.ToHexStringLower(SHA256.HashData(content))).Append("  ").Append(file).Append('\n');
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines.ToString())));
    }
}
