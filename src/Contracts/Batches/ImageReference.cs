using System.Text.Json;
using System.Text.Json.Serialization;

namespace StableDiffusion.Contracts.Batches;

/// <summary>An image of a batch: its place from 0, a number in JSON, or its id, a text.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct ImageReference
{
    /// <summary>By its place.</summary>
    public ImageReference(int index) => Index = index;

    /// <summary>By its id.</summary>
    public ImageReference(Guid id) => Id = id;

    /// <summary>The place; null where the id is given.</summary>
    public int? Index { get; }

    /// <summary>The id; null where the place is given.</summary>
    public Guid? Id { get; }

    /// <inheritdoc/>
    public override string ToString() => Id?.ToString() ?? $"{Index}";

    private sealed class Converter : JsonConverter<ImageReference>
    {
        public override ImageReference Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var index) ? new(index)
            : reader.TokenType == JsonTokenType.String && reader.TryGetGuid(out var id) ? new(id)
            : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, ImageReference value, JsonSerializerOptions options)
        {
            if (value.Id is { } id)
            {
                writer.WriteStringValue(id);
            }
            else
            {
                writer.WriteNumberValue(value.Index ?? 0);
            }
        }
    }
}
