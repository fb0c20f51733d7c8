using System.Globalization;
using System.Text;

namespace StableDiffusion.Diffusion.Tokenizers;

/// <summary>CLIP's pattern, <c>'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+</c>, by code point: .NET's regular
/// expressions see the two halves of a character beyond U+FFFF and take neither for a letter.</summary>
internal static class WordSplitter
{
    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        Space,
        Letter,
        Number,
        Other,
    }

    public static IEnumerable<string> Split(string text)
    {
        int at = 0;
        while (at < text.Length)
        {
            int length = Contractions.FirstOrDefault(c => string.CompareOrdinal(text, at, c, 0, c.Length) == 0)?.Length ?? 0;
            var kind = KindAt(text, at, out int first);
            if (length == 0)
            {
                length = first;
                while (kind is Kind.Letter or Kind.Other && at + length < text.Length && KindAt(text, at + length, out int next) == kind)
                {
                    length += next;
                }
            }

            if (kind != Kind.Space)
            {
                yield return text.Substring(at, length);
            }

            at += length;
        }
    }

    private static Kind KindAt(string text, int at, out int length)
    {
        var rune = Rune.GetRuneAt(text, at);
        length = rune.Utf16SequenceLength;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => TextNormalizer.IsWhiteSpace(rune) ? Kind.Space : Kind.Other,
        };
    }
}
