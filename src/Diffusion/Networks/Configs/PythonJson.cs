using System.Text.RegularExpressions;

namespace StableDiffusion.Diffusion.Networks.Configs;

/// <summary>JSON as Python writes it, whose infinities and NaN are bare words, which JSON does not have. diffusers' scheduler_config.json has
/// them: <c>"lambda_min_clipped": -Infinity</c>.</summary>
internal static partial class PythonJson
{
    /// <summary>The same in JSON: these words become strings.</summary>
    public static string Quote(string json) =>
        StringOrNonFinite().Replace(json, match => match.Value[0] == '"' ? match.Value : $"\"{match.Value}\"");

    [GeneratedRegex(@"""(?:[^""\\]|\\.)*""|-?Infinity|NaN")]
    private static partial Regex StringOrNonFinite();
}
