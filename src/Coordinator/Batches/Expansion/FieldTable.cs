using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Batches.Expansion;

/// <summary>A request's fields by the names that JSON has for them.</summary>
internal static class FieldTable
{
    /// <summary>How values in lists are read: as strictly as the body.</summary>
    public static JsonSerializerOptions Json { get; } = Strict();

    /// <summary>Fields of an image: those that lists may give.</summary>
    public static FrozenDictionary<string, JsonPropertyInfo> OfImage { get; } = Of(typeof(ImageFields)).ToFrozenDictionary(field => field.Name);

    /// <summary>Fields of a run.</summary>
    public static IReadOnlyList<JsonPropertyInfo> OfRun { get; } = [.. Of(typeof(BatchRun))];

    /// <summary>The fields that an object gives.</summary>
    public static IEnumerable<string> Given(BatchRun run) => OfRun.Where(field => field.Get!(run) is not null).Select(field => field.Name);

    /// <summary>"loras" of "loras[0].weight".</summary>
    public static string Root(string field) => field.AsSpan().IndexOfAny('[', '.') is >= 0 and var end ? field[..end] : field;

    private static IList<JsonPropertyInfo> Of(Type type) => Json.GetTypeInfo(type).Properties;

    private static JsonSerializerOptions Strict()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        FarmJson.Configure(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
