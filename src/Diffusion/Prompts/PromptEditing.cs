using System.Text;

namespace StableDiffusion.Diffusion.Prompts;

/// <summary>
/// A1111's prompt editing: <c>[cat:dog:0.4]</c> is a cat for the first 0.4 of a run and then a dog, <c>[cat:dog:4]</c> for its first four calls
/// of the network, <c>[dog:4]</c> adds and <c>[cat::4]</c> takes away, and <c>[cat|dog]</c> changes at every call. A number below 1 is a share,
/// so 1.0 is the first call, as with A1111's "Use old prompt editing timelines".
/// Samplers of second order call the network twice a step; A1111 counts such calls and not steps, and so does this.
/// </summary>
internal static class PromptEditing
{
    /// <summary>A prompt's texts in order; the last one holds until the last call.</summary>
    /// <param name="prompt">One that is no sentence of the grammar is one text, as it stands.</param>
    /// <param name="calls">Calls of the network. Where there is none (a strength of 0), the text is that of a single one.</param>
    public static IReadOnlyList<ScheduledText> Schedule(string prompt, int calls)
    {
        calls = Math.Max(calls, 1);
        return PromptEditingParser.Parse(prompt) is { } pieces
            ? [.. Changes(pieces, calls).Select(until => new ScheduledText(until, TextAt(pieces, until, calls)))]
            : [new ScheduledText(calls, prompt)];
    }

    /// <summary>The calls, counted from 1, after which the text may be another, and the last call.</summary>
    private static SortedSet<int> Changes(IReadOnlyList<PromptNode> pieces, int calls)
    {
        SortedSet<int> changes = [calls];
        var rest = new Stack<PromptNode>(pieces);
        void Add(IEnumerable<PromptNode> nodes)
        {
            foreach (var node in nodes)
            {
                rest.Push(node);
            }
        }

        while (rest.TryPop(out var node))
        {
            switch (node)
            {
                case PromptNode.Brackets brackets:
                    Add(brackets.Pieces);
                    break;
                case PromptNode.Scheduled scheduled:
                    changes.Add(scheduled.Until(calls));
                    Add(scheduled.Before);
                    Add(scheduled.After);
                    break;
                case PromptNode.Alternate alternate:
                    changes.UnionWith(Enumerable.Range(1, calls));
                    Add(alternate.Options.SelectMany(option => option));
                    break;
            }
        }

        changes.Remove(0); // before the first call
        return changes;
    }

    private static string TextAt(IReadOnlyList<PromptNode> pieces, int call, int calls)
    {
        var text = new StringBuilder();
        var rest = new Stack<PromptNode>(pieces.Reverse());
        while (rest.TryPop(out var node))
        {
            if (node is PromptNode.Plain plain)
            {
                text.Append(plain.Text);
                continue;
            }

            var chosen = node switch
            {
                PromptNode.Brackets brackets => brackets.Pieces,
                PromptNode.Scheduled scheduled => call <= scheduled.Until(calls) ? scheduled.Before : scheduled.After,
                PromptNode.Alternate alternate => alternate.Options[(call - 1) % alternate.Options.Count],
                _ => [],
            };
            for (int i = chosen.Count - 1; i >= 0; i--)
            {
                rest.Push(chosen[i]);
            }
        }

        return text.ToString();
    }
}
