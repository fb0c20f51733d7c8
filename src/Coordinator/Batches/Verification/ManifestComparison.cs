using System.Text.Json;
using StableDiffusion.Contracts.Verification;

namespace StableDiffusion.Coordinator.Batches.Verification;

/// <summary>Compares what two pictures' manifests say: settings, the model's hash, and the software and hardware that they were drawn on.</summary>
internal static class ManifestComparison
{
    /// <summary>The PNG text that holds it.</summary>
    public const string Keyword = "manifest";

    /// <summary>What differs, by its path; null when nothing does, or when one has none.</summary>
    /// <exception cref="InvalidDataException">A manifest cannot be read.</exception>
    public static IReadOnlyDictionary<string, ValuePair>? Compare(string? origin, string? rerun)
    {
        if (origin is null || rerun is null)
        {
            return null;
        }

        try
        {
            using JsonDocument before = JsonDocument.Parse(origin), after = JsonDocument.Parse(rerun);
            var differed = new SortedDictionary<string, ValuePair>(StringComparer.Ordinal);
            Compare("", before.RootElement, after.RootElement, differed);
            return differed.Count == 0 ? null : differed;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("A picture's manifest is no JSON.", e);
        }
    }

    private static void Compare(string path, JsonElement? before, JsonElement? after, SortedDictionary<string, ValuePair> differed)
    {
        if (before is { ValueKind: JsonValueKind.Object } || after is { ValueKind: JsonValueKind.Object })
        {
            foreach (var name in Names(before).Union(Names(after)))
            {
                Compare(path.Length == 0 ? name : $"{path}.{name}", Field(before, name), Field(after, name), differed);
            }
        }
        else if (Text(before) is var origin && Text(after) is var rerun && origin != rerun)
        {
            differed[path] = new ValuePair { Origin = origin, Rerun = rerun };
        }
    }

    private static IEnumerable<string> Names(JsonElement? element) =>
        element is { ValueKind: JsonValueKind.Object } found ? found.EnumerateObject().Select(field => field.Name) : [];

    private static JsonElement? Field(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out var field) ? field : null;

    private static string? Text(JsonElement? element) =>
        element is { } value ? value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText() : null;
}
