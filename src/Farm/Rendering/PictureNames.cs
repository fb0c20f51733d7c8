using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Farm.Rendering;

/// <summary>
/// File names of rendered pictures: <c>42-a-red-circle.png</c>, the seed and the prompt, and after them what the user set
/// otherwise. The same command gives the same names, another one does not overwrite its pictures.
/// </summary>
public static class PictureNames
{
    private const int LongestSlug = 60;
    private const int LongestOptions = 120; // a file's name may have 255 bytes

    /// <summary>The file's name for an image of a command that set <paramref name="options"/>, like "steps-50".</summary>
    public static string Of(ImageResponse image, IEnumerable<string> options)
    {
        ArgumentNullException.ThrowIfNull(image);
        string seed = image.Settings.Seed.ToString(CultureInfo.InvariantCulture);
        string set = string.Join('-', options.Select(Slug));
        set = set.Length <= LongestOptions ? set : $"{set[..LongestOptions].TrimEnd('-')}-{Hash(set)}";
        return string.Join('-', new[] { seed, Slug(image.Settings.Prompt), set }.Where(part => part.Length > 0)) + ".png";
    }

    /// <summary>Letters, digits and single dashes; where that leaves something out, six letters of the text's hash tell such texts apart.</summary>
    public static string Slug(string text)
    {
        var slug = new StringBuilder();
        foreach (char c in text.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                slug.Append(c);
            }
            else if (slug.Length > 0 && slug[^1] != '-')
            {
                slug.Append('-');
            }
        }

        string kept = slug.ToString(0, Math.Min(slug.Length, LongestSlug)).Trim('-');
        if (kept.Replace('-', ' ') == text)
        {
            return kept;
        }

        return kept.Length == 0 ? Hash(text) : $"{kept}-{Hash(text)}";
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..6];
}
