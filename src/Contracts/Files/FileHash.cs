using System.Security.Cryptography;
using System.Text;

namespace StableDiffusion.Contracts.Files;

/// <summary>One hash for a registered file.</summary>
public static class FileHash
{
    /// <summary>Of what is one file of weights, that file's SHA-256, as A1111 has it, whatever configuration lies beside it; of a folder, the SHA-256 over
    /// its sorted lines "path within the folder, two spaces, SHA-256", as workers hash adapters' folders.</summary>
    public static string Of(string name, IReadOnlyList<FilePart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        if (parts.FirstOrDefault(part => part.Path == name + FileName.Weights) is { } whole)
        {
            return whole.Sha256;
        }

        var lines = parts.Select(part => $"{part.Path[(name.Length + 1)..]}  {part.Sha256}\n").Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }
}
