using System.Security.Cryptography;
using System.Text.Json;

namespace StableDiffusion.Contracts.Settings;

/// <summary>Which images may share a network call: those whose keys are equal.</summary>
public static class GroupKey
{
    private const int Bytes = 12;

    /// <summary>A hash of all that must be equal: everything but the image's own prompts and seed.</summary>
    public static string Of(ImageSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var shared = settings with { Prompt = "", Prompt2 = null, NegativePrompt = "", NegativePrompt2 = null, Seed = 0 };
        return Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(shared, FarmJson.Options))[..Bytes]);
    }
}
