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
            var name = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
            return $"{name}  {OfFile(path)}\n";
        });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines.Order(StringComparer.Ordinal)))));
    }

    /// <summary>SHA-256 of a file, in lower-case hexadecimal; of a checkpoint, A1111 shows the first ten digits as "Model hash".</summary>
    public static string OfFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
