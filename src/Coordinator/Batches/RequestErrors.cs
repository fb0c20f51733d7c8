namespace StableDiffusion.Coordinator.Batches;

/// <summary>What is wrong with a request: JSON field name → sentences that say what to change.</summary>
public sealed class RequestErrors
{
    /// <summary>Wrong entries of one list, and faults of one field, that are told; the rest would only be more of them.</summary>
    public const int MaxNamed = 10;

    private const int MaxFields = 100;
    private readonly SortedDictionary<string, List<string>> byField;
    private readonly Dictionary<string, (string Message, int Count)> idle;
    private readonly Func<string, string>? place;

    /// <summary>Of a request.</summary>
    public RequestErrors()
    {
        byField = new(StringComparer.Ordinal);
        idle = [];
    }

    private RequestErrors(RequestErrors whole, Func<string, string> place) => (byField, idle, this.place) = (whole.byField, whole.idle, place);

    /// <summary>True while nothing is wrong.</summary>
    public bool IsEmpty => byField.Count == 0;

    /// <summary>The same errors for a part of the request.</summary>
    /// <param name="place">A field's name there → its path in the request.</param>
    public RequestErrors At(Func<string, string> place) => new(this, place);

    /// <summary>Notes an error of a field ("width", "prompts[1]").</summary>
    public void Add(string field, string message) => Add(field, message, isFirst: false);

    /// <summary>Notes that a field says nothing beside the others. An error when it does so wherever it is given, see <see cref="AddIdle"/>: in
    /// a request of several kinds of images it may be meant for some.</summary>
    public void Idle(string field, string message)
    {
        field = place?.Invoke(field) ?? field;
        idle[field] = (message, idle.GetValueOrDefault(field).Count + 1);
    }

    /// <summary>Makes errors of the fields that said nothing anywhere.</summary>
    /// <param name="given">How many kinds of images a field was given for, by its path.</param>
    public void AddIdle(Func<string, int> given)
    {
        foreach (var (field, (message, count)) in idle)
        {
            if (count == given(field))
            {
                Add(field, message, isFirst: true); // whatever else is wrong with it matters less
            }
        }
    }

    /// <summary>As a problem document's "errors" has them.</summary>
    public IDictionary<string, string[]> ToDictionary() => byField.ToDictionary(field => field.Key, field => field.Value.ToArray());

    private void Add(string field, string message, bool isFirst)
    {
        field = place?.Invoke(field) ?? field;
        if (!byField.TryGetValue(field, out var messages))
        {
            if (byField.Count == MaxFields)
            {
                return; // a hundred thousand prompts with the same mistake
            }

            byField[field] = messages = [];
        }

        if (messages.Count < MaxNamed && !messages.Contains(message))
        {
            messages.Insert(isFirst ? 0 : messages.Count, message);
        }
    }
}
