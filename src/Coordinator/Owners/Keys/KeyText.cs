using System.Security.Cryptography;
using System.Text;

namespace StableDiffusion.Coordinator.Owners.Keys;

/// <summary>Keys as people send them: <c>farm_PREFIX_SECRET</c>, so that one which leaks into a log or a repository is recognized as such.</summary>
internal static class KeyText
{
    private const string Farm = "farm_";
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int PrefixLength = 8;
    private const int SecretLength = 43; // 256 bits

    /// <summary>A new key.</summary>
    public static string New() => $"{Farm}{RandomNumberGenerator.GetString(Base62, PrefixLength)}_{RandomNumberGenerator.GetString(Base62, SecretLength)}";

    /// <summary>What may be shown of a key; "" of one that somebody chose, whose beginning may be half of it.</summary>
    public static string Prefix(string key)
    {
        var end = Farm.Length + PrefixLength;
        return key.StartsWith(Farm, StringComparison.Ordinal) && key.Length == end + 1 + SecretLength && key[end] == '_' ? key[..end] : "";
    }

    /// <summary>What is kept of a key. Keys are random and long, so a fast hash without salt will do.</summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
