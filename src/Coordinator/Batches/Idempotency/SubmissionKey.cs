using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using StableDiffusion.Contracts;

namespace StableDiffusion.Coordinator.Batches.Idempotency;

/// <summary>A request's <c>Idempotency-Key</c>, and what was asked with it.</summary>
/// <param name="Key">1 to 255 printable characters.</param>
/// <param name="Hash">Of the path and of what the body says, however it is written.</param>
public sealed record SubmissionKey(string Key, byte[] Hash)
{
    /// <summary>Name of the header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>Name of the header of an answer that was given before.</summary>
    public const string ReplayedHeader = "Idempotent-Replayed";

    private const int Longest = 255;

    /// <summary>The key of a request; null when it has none, or a wrong one, which is an error.</summary>
    public static SubmissionKey? Of<TBody>(string? header, PathString path, TBody body, RequestErrors errors)
    {
        if (header is null)
        {
            return null;
        }

        if (header.Length is 0 or > Longest || !header.All(c => c is > ' ' and <= '~'))
        {
            errors.Add(Header, $"Give 1 to {Longest} printable ASCII characters without spaces, like a UUID.");
            return null;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{path}\n"));
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(body, FarmJson.Options));
        return new SubmissionKey(header, hash.GetHashAndReset());
    }
}
