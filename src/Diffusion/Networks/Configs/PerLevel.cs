using System.Text.Json;
using System.Text.Json.Serialization;

namespace StableDiffusion.Diffusion.Networks.Configs;

/// <summary>A number that configs give once for all levels of a U-Net, or as a list with one for each.</summary>
[JsonConverter(typeof(Converter))]
public sealed class PerLevel
{
    private readonly int[] values;

    /// <summary>One value for every level, or as many as there are levels.</summary>
    public PerLevel(params int[] values) => this.values = values;

    /// <summary>The values, one where it is the same at all levels.</summary>
    public IReadOnlyList<int> Values => values;

    /// <summary>The value at a level, counted from the largest resolution.</summary>
    public int this[int level] => values.Length == 1 ? values[0] : values[level];

    /// <summary>The same value at all levels.</summary>
    public static implicit operator PerLevel(int value) => new(value);

    /// <inheritdoc/>
    public override string ToString() => values.Length == 1 ? $"{values[0]}" : $"[{string.Join(", ", values)}]";

    private sealed class Converter : JsonConverter<PerLevel>
    {
        public override PerLevel Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.StartArray
                ? new PerLevel(JsonSerializer.Deserialize<int[]>(ref reader, options)!)
                : new PerLevel(reader.GetInt32());

        public override void Write(Utf8JsonWriter writer, PerLevel value, JsonSerializerOptions options)
        {
            if (value.values.Length == 1)
            {
                writer.WriteNumberValue(value.values[0]);
            }
            else
            {
                JsonSerializer.Serialize(writer, value.values, options);
            }
        }
    }
}
