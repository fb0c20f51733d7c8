using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>A request's prompts.</summary>
internal static class Prompts
{
    /// <summary>The prompts in order; empty when there is none.</summary>
    public static IReadOnlyList<string> Resolve(BatchRequest request, int maxLength, RequestErrors errors)
    {
        if (request is { Prompt: not null, Prompts: not null })
        {
            errors.Add("prompts", "Give either prompt or prompts, not both.");
            return [];
        }

        if (request.Prompt is { } single)
        {
            CheckPrompt("prompt", single, maxLength, errors);
            return [single];
        }

        if (request.Prompts is not { Count: > 0 } prompts)
        {
            errors.Add("prompts", "Give at least one prompt, as \"prompts\": [\"a red circle\"] or \"prompt\": \"a red circle\".");
            return [];
        }

        foreach (var (index, prompt) in prompts.Index().Where(p => IsBad(p.Item, maxLength)).Take(RequestErrors.MaxNamed))
        {
            CheckPrompt($"prompts[{index}]", prompt, maxLength, errors);
        }

        return prompts;
    }

    /// <summary>What holds for every text that is stored, empty or not.</summary>
    public static void CheckText(string field, string text, int maxLength, RequestErrors errors)
    {
        if (FaultOf(text, maxLength) is { } fault)
        {
            errors.Add(field, fault);
        }
    }

    private static bool IsBad(string? prompt, int maxLength) => string.IsNullOrWhiteSpace(prompt) || FaultOf(prompt, maxLength) is not null;

    private static void CheckPrompt(string field, string? prompt, int maxLength, RequestErrors errors)
    {
        if (string.IsNullOrWhiteSpace(prompt))
        {
            errors.Add(field, "The prompt is empty: say what to draw.");
        }
        else
        {
            CheckText(field, prompt, maxLength, errors);
        }
    }

    private static string? FaultOf(string text, int maxLength) =>
        text.Length > maxLength ? $"{text.Length} characters are too many: give at most {maxLength}."
        : text.Contains('\0', StringComparison.Ordinal) ? "The character U+0000 cannot be stored: leave it out."
        : null;
}
