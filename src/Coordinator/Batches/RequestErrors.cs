namespace StableDiffusion.Coordinator.Batches;

/// <summary>What is wrong with a request: JSON field name → sentences that say what to change.</summary>
public sealed class RequestErrors
{
    /// <summary>Wrong entries of one list, and faults of one field, that are told; the rest would only be more of them.</summary>
    public const int MaxNamed = 10;

    private const int MaxFields = 100;
    private readonly SortedDictionary<string, List<string>> byField = new(StringComparer.Ordinal);

    /// <summary>True while nothing is wrong.</summary>
    public bool IsEmpty => byField.Count == 0;

    /// <summary>Notes an error of a field ("width", "prompts[1]").</summary>
    public void Add(string field, string message)
    {
        if (!byField.TryGetValue(field, out var messages))
        {
            if (byField.Count == MaxFields)
            {
                return; // a hundred thousand prompts with the same mistake
            }

            byField[field] = messages = [];
        }

        if (messages.Count < MaxNamed)
        {
            messages.Add(message);
        }
    }

    /// <summary>As a problem document's "errors" has them.</summary>
    public IDictionary<string, string[]> ToDictionary() => byField.ToDictionary(field => field.Key, field => field.Value.ToArray());
}
