using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Problems;

namespace StableDiffusion.Coordinator.Batches.Expansion;

/// <summary>A field that takes several values.</summary>
/// <param name="Field">The field.</param>
/// <param name="Path">Where its values stand in the request; "zip.seed".</param>
/// <param name="Values">In order; null leaves the field out.</param>
internal sealed record ListedField(JsonPropertyInfo Field, string Path, IReadOnlyList<object?> Values)
{
    /// <summary>Its name in JSON.</summary>
    public string Name => Field.Name;

    /// <summary>Whether it is no list but a field by itself.</summary>
    public bool IsSingle { get; init; }

    /// <summary>Where a value stands.</summary>
    public string At(int row) => IsSingle ? Path : $"{Path}[{row}]";

    /// <summary>The lists that a request gives; those that are wrong are left out, with an error.</summary>
    /// <param name="lists">As they were sent.</param>
    /// <param name="path">"zip" or "product", with its run's.</param>
    /// <param name="most">Most values of one.</param>
    /// <param name="errors">Takes what is wrong.</param>
    public static IReadOnlyList<ListedField> Read(FieldLists? lists, string path, int most, RequestErrors errors)
    {
        if (lists is { Count: 0 })
        {
            errors.Add(path, "There is no list: give at least one, by its field, like {\"steps\": [20, 30]}.");
        }

        List<ListedField> fields = [];
        foreach (var (name, list) in lists ?? [])
        {
            var at = $"{path}.{(name.Length <= 100 ? name : name[..100] + "…")}";
            if (!FieldTable.OfImage.TryGetValue(name, out var field))
            {
                errors.Add(at, $"There is no such field to list: give one of {string.Join(", ", FieldTable.OfImage.Keys.Order(StringComparer.Ordinal))}.");
            }
            else if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is var count && (count == 0 || count > most))
            {
                errors.Add(at, $"Give a list of 1 to {most} values.");
            }
            else if (Parse(field, list, at, errors) is { } values)
            {
                fields.Add(new ListedField(field, at, values));
            }
        }

        return fields;
    }

    private static List<object?>? Parse(JsonPropertyInfo field, JsonElement list, string path, RequestErrors errors)
    {
        var type = typeof(List<>).MakeGenericType(field.PropertyType);
        try
        {
            return [.. ((IEnumerable)list.Deserialize(type, FieldTable.Json)!).Cast<object?>()];
        }
        catch (JsonException fault)
        {
            var (place, message) = JsonFaults.Explain(fault, type, FieldTable.Json);
            errors.Add(place.StartsWith('[') ? path + place : path, message);
            return null;
        }
    }
}
