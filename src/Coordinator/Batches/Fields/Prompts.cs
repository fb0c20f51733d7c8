using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>A request's prompts and other texts.</summary>
internal static class Prompts
{
    /// <summary>The prompts in order, not yet looked at; empty, with an error, when there is none.</summary>
    public static IReadOnlyList<string?> Resolve(BatchRun run, RequestErrors errors)
    {
        if (run is { Prompt: not null, Prompts: not null })
        {
            errors.Add("prompts", "Give either prompt or prompts, not both.");
            return [];
        }

        if (run.Prompt is { } single)
        {
            return [single];
        }

        if (run.Prompts is { Count: > 0 } prompts)
        {
            return prompts;
        }

        errors.Add("prompts", "Give at least one prompt, as \"prompts\": [\"a red circle\"] or \"prompt\": \"a red circle\".");
        return [];
    }

    /// <summary>What holds for every text that is stored, empty or not.</summary>
    public static void CheckText(string field, string text, int maxLength, RequestErrors errors)
    {
        if (FaultOf(text, maxLength) is { } fault)
        {
            errors.Add(field, fault);
        }
    }

    /// <summary>Looks at a list of texts.</summary>
    /// <param name="field">A text's place → its field.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="arePrompts">None may be empty.</param>
    /// <param name="maxLength">Most characters of one.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public static void CheckTexts(Func<int, string> field, IEnumerable<string?> texts, bool arePrompts, int maxLength, RequestErrors errors)
    {
        bool IsEmpty(string? text) => arePrompts && string.IsNullOrWhiteSpace(text);
        foreach (var (index, text) in texts.Index().Where(t => IsEmpty(t.Item) || FaultOf(t.Item, maxLength) is not null).Take(RequestErrors.MaxNamed))
        {
            errors.Add(field(index), IsEmpty(text) ? "The prompt is empty: say what to draw." : FaultOf(text, maxLength)!);
        }
    }

    private static string? FaultOf(string? text, int maxLength) =>
        text?.Length > maxLength ? $"{text.Length} characters are too many: give at most {maxLength}."
        : text?.Contains('\0', StringComparison.Ordinal) == true ? "The character U+0000 cannot be stored: leave it out."
        : null;
}
