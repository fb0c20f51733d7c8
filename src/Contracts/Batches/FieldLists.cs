using System.Text.Json;

namespace StableDiffusion.Contracts.Batches;

/// <summary>Field of <see cref="ImageFields"/> → list of its values, in the order in which they were written.</summary>
public sealed class FieldLists : OrderedDictionary<string, JsonElement>
{
    /// <summary>These lists with one more.</summary>
    public FieldLists With<T>(string field, params IEnumerable<T> values)
    {
        Add(field, JsonSerializer.SerializeToElement(values, FarmJson.Options));
        return this;
    }
}
