using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>Keys and signatures of deliveries, after Standard Webhooks 1.0 (standardwebhooks.com): symmetric, version v1.</summary>
internal static class WebhookSecret
{
    private const string Prefix = "whsec_";
    private const int Length = 32;

    /// <summary>A new key.</summary>
    public static string New() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(Length));

    /// <summary>The header webhook-signature: a signature by each key.</summary>
    public static string Sign(IEnumerable<string> secrets, Guid id, long timestamp, string body) => string.Join(' ', secrets.Select(secret => Sign(secret, id, timestamp, body)));

    /// <summary>HMAC-SHA256 over "id.timestamp.body".</summary>
    private static string Sign(string secret, Guid id, long timestamp, string body)
    {
        var key = Convert.FromBase64String(secret[Prefix.Length..]);
        var signed = string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.{body}");
        return $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(signed)))}";
    }
}
