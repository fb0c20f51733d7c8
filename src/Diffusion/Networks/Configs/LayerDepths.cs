using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace StableDiffusion.Diffusion.Networks.Configs;

/// <summary>
/// How many transformer blocks follow each residual block of a U-Net: configs give one number for all, one for each level, or
/// a list of one for each residual block of a level.
/// </summary>
[JsonConverter(typeof(Converter))]
public sealed class LayerDepths
{
    private readonly int[][] levels; // one list for all levels, or one each; in it one number for all layers, or one each

    /// <summary>One number for all, or one for each level.</summary>
    public LayerDepths(params int[] levels)
        : this([.. levels.Select(depth => new[] { depth })])
    {
    }

    private LayerDepths(int[][] levels) => this.levels = levels;

    /// <summary>The depths, one list where they are the same at all levels, one number in it where they are at all layers.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Levels => levels;

    /// <summary>The depth at a level, after the residual block of that index in it.</summary>
    public int this[int level, int layer]
    {
        get
        {
            var layers = levels.Length == 1 ? levels[0] : levels[level];
            return layers.Length == 1 ? layers[0] : layers[layer];
        }
    }

    /// <summary>The same depth everywhere.</summary>
    public static implicit operator LayerDepths(int depth) => new(depth);

    /// <inheritdoc/>
    public override string ToString() => ToJson().ToJsonString();

    private JsonNode ToJson() => levels.Length == 1 && levels[0].Length == 1 ? levels[0][0]
        : new JsonArray([.. levels.Select(layers => layers.Length == 1 ? (JsonNode)layers[0] : new JsonArray([.. layers]))]);

    private sealed class Converter : JsonConverter<LayerDepths>
    {
        public override LayerDepths Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                return new LayerDepths(reader.GetInt32());
            }

            var levels = new List<int[]>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                levels.Add([.. JsonSerializer.Deserialize<PerLevel>(ref reader, options)!.Values]);
            }

            return new LayerDepths([.. levels]);
        }

        public override void Write(Utf8JsonWriter writer, LayerDepths value, JsonSerializerOptions options) => value.ToJson().WriteTo(writer, options);
    }
}
