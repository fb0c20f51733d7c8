using System.Security.Cryptography;
using System.Text;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>One hash for a model's files: their names within the folder and what is in them.</summary>
internal static class ModelHash
{
    /// <summary>SHA-256 over the sorted lines "name, two spaces, SHA-256 of the file", in lower-case hexadecimal.</summary>
    public static string Compute(string folder, IEnumerable<string> files)
    {
        var lines = files.AsParallel().Select(path =>
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            var name = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
            return $"{name}  {Convert.ToHexStringLower(SHA256.HashData(stream))}\n";
        });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines.Order(StringComparer.Ordinal)))));
    }
}
