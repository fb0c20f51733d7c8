using System.Globalization;
using System.Text.RegularExpressions;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>Several texts that a picture is guided towards at once, as in A1111: <c>a cat :1.2 AND a dog</c>
/// (Liu et al. 2022, Compositional Visual Generation with Composable Diffusion Models).</summary>
internal static partial class ComposablePrompt
{
    /// <summary>The parts in order, at least one; a part without a weight has 1.</summary>
    public static IReadOnlyList<WeightedText> Parse(string prompt) => [.. And().Split(prompt).Select(Part)];

    private static WeightedText Part(string text)
    {
        text = text.TrimEnd();
        var match = WeightAtEnd().Match(text);
        return match.Success
            ? new WeightedText(text[..match.Index], double.Parse(match.Groups[1].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture))
            : new WeightedText(text, 1);
    }

    [GeneratedRegex(@"\bAND\b", RegexOptions.CultureInvariant)]
    private static partial Regex And();

    [GeneratedRegex(@"\s*:\s*([-+]?(?:[0-9]+\.?|[0-9]*\.[0-9]+))\z", RegexOptions.RightToLeft | RegexOptions.CultureInvariant)]
    private static partial Regex WeightAtEnd();
}
