using System.Globalization;
using System.Text;

namespace StableDiffusion.Diffusion.Tokenizers;

/// <summary>What CLIP does to a text before cutting it: NFC, runs of white space to one space, lower case letter by letter.
/// No repair of broken encodings (ftfy), as in the fast tokenizers.</summary>
internal static class TextNormalizer
{
    public static string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        bool afterSpace = false;
        foreach (Rune rune in Nfc.Normalize(text).EnumerateRunes())
        {
            bool space = IsWhiteSpace(rune);
            if (!space)
            {
                AppendLower(rune, result);
            }
            else if (!afterSpace)
            {
                result.Append(' ');
            }

            afterSpace = space;
        }

        return result.ToString();
    }

    /// <summary>Unicode's White_Space property.</summary>
    public static bool IsWhiteSpace(Rune rune) =>
        rune.Value is (>= '\t' and <= '\r') or '\u0085'
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    /// <summary>Full lower case of one character. İ is the only one that becomes two; being letter by letter, a final Σ is a plain σ.</summary>
    private static void AppendLower(Rune rune, StringBuilder result)
    {
        if (rune.Value == 'İ')
        {
            result.Append("i\u0307");
        }
        else
        {
            result.Append(Rune.ToLowerInvariant(rune).ToString());
        }
    }
}
