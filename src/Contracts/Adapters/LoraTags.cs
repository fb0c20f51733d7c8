using System.Globalization;
using System.Text.RegularExpressions;

namespace StableDiffusion.Contracts.Adapters;

/// <summary>A1111's <c>&lt;lora:name:weight&gt;</c> in a prompt; with two weights the first is for the text encoders, the second for the U-Net.</summary>
public static partial class LoraTags
{
    /// <summary>A tag of a prompt.</summary>
    /// <param name="Name">The LoRA's name.</param>
    /// <param name="Weight">For the U-Net. 1 when the tag has none; null when what stands there is no number.</param>
    /// <param name="TextEncoderWeight">For the text encoders, likewise.</param>
    public readonly record struct Tag(string Name, double? Weight, double? TextEncoderWeight);

    /// <summary>The tags in order.</summary>
    public static IReadOnlyList<Tag> Find(string prompt) =>
        [.. Pattern().Matches(prompt).Select(tag => Read(tag.Groups["name"].Value, tag.Groups["weights"]))];

    /// <summary>The prompt without its tags, which is what the text encoder reads.</summary>
    public static string Remove(string prompt) => Pattern().Replace(prompt, "");

    private static Tag Read(string name, Group weights)
    {
        string[] parts = weights.Success ? weights.Value.Split(':') : ["1"];
        return parts.Length > 2 ? new Tag(name, null, null) : new Tag(name, Number(parts[^1]), Number(parts[0]));
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    [GeneratedRegex("<lora:(?<name>[^:>]+)(?::(?<weights>[^>]*))?>")]
    private static partial Regex Pattern();
}
