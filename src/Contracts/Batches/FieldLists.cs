using System.Text.Json;

namespace StableDiffusion.Contracts.Batches;

/// <summary>Field of <see cref="ImageFields"/> → list of its values, in the order in which they were written.</summary>
public sealed class FieldLists : OrderedDictionary<string, JsonElement>
{
    /// <summary>A list of values of a field.</summary>
    public FieldLists Add<T>(string field, params IEnumerable<T> values)
    {
        Add(field, JsonSerializer.SerializeToElement(values, FarmJson.Options));
        return this;
    }
}
