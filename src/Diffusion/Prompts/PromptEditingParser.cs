using System.Globalization;
using System.Text.RegularExpressions;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>
/// Reads A1111's prompt editing, whose grammar (stable-diffusion-webui, modules/prompt_parser.py) is
/// <code>
/// start      = { prompt | "[" | "]" | "(" | ")" | ":" }
/// prompt     = { "(" prompt [":" prompt] ")" | "[" prompt "]" | scheduled | alternate | plain }
/// scheduled  = "[" [prompt ":"] prompt ":" number "]"
/// alternate  = "[" prompt "|" prompt { "|" prompt } "]"
/// plain      = { any character but \ [ ] ( ) : | , or "\" and any character but a line end }
/// </code>
/// A bracket is a plain character only outside all others, so one that cannot be read makes those around it plain. Time is linear
/// in the text, and nesting takes no stack.
/// </summary>
internal sealed partial class PromptEditingParser
{
    private readonly string text;
    private readonly List<PromptNode> top = [];
    private readonly Stack<Bracket> open = new();
    private int plainFrom;

    private PromptEditingParser(string text) => this.text = text;

    /// <summary>The pieces of a text, or null where it is no sentence of the grammar: a bar outside square brackets, or a backslash
    /// at the end. Such a text is taken as it stands.</summary>
    public static IReadOnlyList<PromptNode>? Parse(string text) => new PromptEditingParser(text).Parse();

    private List<PromptNode>? Parse()
    {
        for (int at = 0; at < text.Length; at++)
        {
            bool legal = text[at] switch
            {
                '\\' => ++at < text.Length && text[at] != '\n',
                '(' or '[' => Open(at),
                ')' or ']' => Close(at),
                ':' => open.Count == 0 || Separate(at),
                '|' => open.Count > 0 && Separate(at),
                _ => true,
            };
            if (!legal)
            {
                return null;
            }
        }

        TakePlain(text.Length);
        return LeaveOpen() ? top : null;
    }

    private bool Open(int at)
    {
        TakePlain(at);
        open.Push(new Bracket(text[at]));
        plainFrom = at + 1;
        return true;
    }

    private bool Separate(int at)
    {
        TakePlain(at);
        open.Peek().Separate(text[at]);
        plainFrom = at + 1;
        return true;
    }

    private bool Close(int at)
    {
        TakePlain(at);
        if (open.TryPeek(out var bracket) && bracket.Read(text[at]) is { } node)
        {
            open.Pop();
            Current.Add(node);
            plainFrom = at + 1;
            return true;
        }

        plainFrom = at; // a plain character
        return LeaveOpen();
    }

    private List<PromptNode> Current => open.TryPeek(out var bracket) ? bracket.Parts[^1] : top;

    private void TakePlain(int end)
    {
        if (end > plainFrom)
        {
            Current.Add(new PromptNode.Plain(text[plainFrom..end]));
        }
    }

    /// <summary>Takes the open brackets for plain characters, which a bar is not.</summary>
    private bool LeaveOpen()
    {
        foreach (var bracket in open.Reverse())
        {
            if (bracket.HasBars)
            {
                return false;
            }

            top.AddRange(bracket.Unread());
        }

        open.Clear();
        return true;
    }

    /// <summary>An open bracket and what came after it, parted by colons or bars.</summary>
    private sealed partial class Bracket(char opening)
    {
        private readonly List<char> separators = [];

        public List<List<PromptNode>> Parts { get; } = [[]];

        public bool HasBars { get; private set; }

        private bool HasColons { get; set; }

        public void Separate(char separator)
        {
            separators.Add(separator);
            Parts.Add([]);
            HasBars |= separator == '|';
            HasColons |= separator == ':';
        }

        /// <summary>What it is, closed so; null where that is nothing.</summary>
        public PromptNode? Read(char closing) => (opening, closing, Parts.Count) switch
        {
            ('(', ')', 1 or 2) when !HasBars => Brackets(closing),
            ('[', ']', 1) => Brackets(closing),
            ('[', ']', _) when !HasColons => new PromptNode.Alternate(Parts),
            ('[', ']', 2 or 3) when !HasBars && When() is { } when => new PromptNode.Scheduled(Parts.Count == 3 ? Parts[0] : [], Parts[^2], when),
            _ => null,
        };

        /// <summary>Its pieces with the bracket and its separators as plain text.</summary>
        public IEnumerable<PromptNode> Unread()
        {
            yield return new PromptNode.Plain(opening.ToString());
            for (int part = 0; part < Parts.Count; part++)
            {
                if (part > 0)
                {
                    yield return new PromptNode.Plain(separators[part - 1].ToString());
                }

                foreach (var node in Parts[part])
                {
                    yield return node;
                }
            }
        }

        private PromptNode.Brackets Brackets(char closing) => new([.. Unread(), new PromptNode.Plain(closing.ToString())]);

        private double? When() => Parts[^1] is [PromptNode.Plain plain] && plain.Text.Trim() is var number && Number().IsMatch(number)
            ? double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture)
            : null;

        [GeneratedRegex(@"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
        private static partial Regex Number();
    }
}
