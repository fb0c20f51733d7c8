using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>
/// A1111's attention syntax (stable-diffusion-webui, modules/prompt_parser.py): <c>(a)</c> is 1.1 times the attention, <c>[a]</c> a 1.1th
/// of it, <c>(a:1.3)</c> 1.3 times; brackets nest, those left open reach to the end, a backslash makes a bracket a plain character,
/// and <c>BREAK</c> ends a chunk of tokens. Every text has a reading.
/// </summary>
internal static partial class AttentionSyntax
{
    private const double Round = 1.1;
    private const double Square = 1 / 1.1;
    private static readonly SearchValues<char> Special = SearchValues.Create("\\()[]:");

    /// <summary>The pieces in order, neighbours of the same weight joined; at least one.</summary>
    public static IReadOnlyList<WeightedText> Parse(string text)
    {
        var (texts, weights) = (new List<string>(), new List<double>());
        var (round, square) = (new Stack<int>(), new Stack<int>()); // where each open bracket began, as an index into texts
        void Add(string piece, double weight = 1)
        {
            texts.Add(piece);
            weights.Add(weight);
        }

        void Multiply(int from, double factor)
        {
            foreach (ref double weight in CollectionsMarshal.AsSpan(weights)[from..])
            {
                weight *= factor;
            }
        }

        for (int at = 0; at < text.Length;)
        {
            int length = TokenLength(text, at, out double? weight);
            string token = text.Substring(at, length);
            at += length;
            if (token[0] == '\\')
            {
                Add(token[1..]);
            }
            else if (token == "(")
            {
                round.Push(texts.Count);
            }
            else if (token == "[")
            {
                square.Push(texts.Count);
            }
            else if (weight is { } factor && round.Count > 0)
            {
                Multiply(round.Pop(), factor);
            }
            else if (token == ")" && round.Count > 0)
            {
                Multiply(round.Pop(), Round);
            }
            else if (token == "]" && square.Count > 0)
            {
                Multiply(square.Pop(), Square);
            }
            else
            {
                AddPlain(token, Add);
            }
        }

        foreach (int open in round.Reverse())
        {
            Multiply(open, Round);
        }

        foreach (int open in square.Reverse())
        {
            Multiply(open, Square);
        }

        return Joined(texts, weights);
    }

    /// <summary>An escape, a bracket, a weight with its closing bracket, a colon, or a run of anything else.</summary>
    private static int TokenLength(string text, int at, out double? weight)
    {
        weight = null;
        switch (text[at])
        {
            case '\\':
                return at + 1 < text.Length && "\\()[]".Contains(text[at + 1], StringComparison.Ordinal) ? 2 : 1;
            case '(' or ')' or '[' or ']':
                return 1;
            case ':':
                int end = at + 1;
                end += end < text.Length && text[end] is '+' or '-' ? 1 : 0;
                int digits = end;
                while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
                {
                    end++;
                }

                bool closed = end > digits && end < text.Length && text[end] == ')';
                const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
                if (!closed || !double.TryParse(text.AsSpan(at + 1, end - at - 1), Style, CultureInfo.InvariantCulture, out double number))
                {
                    return 1;
                }

                weight = number;
                return end + 1 - at;
            default:
                int next = text.AsSpan(at).IndexOfAny(Special);
                return next < 0 ? text.Length - at : next;
        }
    }

    private static void AddPlain(string text, Action<string, double> add)
    {
        int at = 0;
        foreach (var match in BreakWord().EnumerateMatches(text))
        {
            add(text[at..match.Index].TrimEnd(), 1);
            add(WeightedText.Break.Text, WeightedText.Break.Weight);
            at = match.Index + match.Length;
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }
        }

        add(text[at..], 1);
    }

    private static List<WeightedText> Joined(List<string> texts, List<double> weights)
    {
        var joined = new List<WeightedText>();
        for (int start = 0, end; start < texts.Count; start = end)
        {
            var run = new StringBuilder(texts[start]);
            for (end = start + 1; end < texts.Count && weights[end].Equals(weights[start]); end++)
            {
                run.Append(texts[end]);
            }

            joined.Add(new WeightedText(run.ToString(), weights[start]));
        }

        return joined.Count > 0 ? joined : [new WeightedText("", 1)];
    }

    [GeneratedRegex(@"\bBREAK\b", RegexOptions.CultureInvariant)]
    private static partial Regex BreakWord();
}
