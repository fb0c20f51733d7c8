using System.Text.Json;
using System.Text.Json.Nodes;

namespace StableDiffusion.Diffusion.Adapters;

/// <summary>
/// α/r of the layers that have no α of their own: from the configuration that diffusers puts into the file's metadata or PEFT
/// beside the file; α = r, so 1, where there is none.
/// </summary>
internal sealed class LoraScaling
{
    private const string MetadataKey = "lora_adapter_metadata";
    private readonly JsonObject config;

    private LoraScaling(JsonObject config) => this.config = config;

    /// <exception cref="LoraException">The configuration is no JSON.</exception>
    public static LoraScaling Of(string path, IReadOnlyDictionary<string, string> metadata)
    {
        string beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "adapter_config.json");
        try
        {
            string? text = metadata.TryGetValue(MetadataKey, out string? inside) ? inside
                : Path.GetFileName(path) == "adapter_model.safetensors" && File.Exists(beside) ? File.ReadAllText(beside)
                : null;
            return new LoraScaling(text is null ? [] : JsonNode.Parse(text)!.AsObject());
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new LoraException(path, $"its configuration is no JSON object. {error.Message}", inner: error);
        }
    }

    /// <param name="component">The layer's network, whose fields diffusers puts under its name.</param>
    /// <param name="layer">With underscores.</param>
    /// <param name="rank">The layer's own r.</param>
    public double Factor(LoraComponent component, string layer, long rank)
    {
        double alpha = Pattern(Field(component, "alpha_pattern"), layer) ?? Number(Field(component, "lora_alpha")) ?? rank;
        return alpha / (Field(component, "use_rslora") is JsonValue value && value.TryGetValue(out bool rslora) && rslora ? Math.Sqrt(rank) : rank);
    }

    /// <summary>Whether the configuration says DoRA.</summary>
    public bool UsesDora(LoraComponent component) =>
        Field(component, "use_dora") is JsonValue value && value.TryGetValue(out bool dora) && dora;

    private static double? Pattern(JsonNode? patterns, string layer) => (patterns as JsonObject)?
        .Where(pattern => $"_{layer}".EndsWith($"_{LoraKey.Flat(pattern.Key)}", StringComparison.Ordinal))
        .Select(pattern => Number(pattern.Value)).FirstOrDefault();

    private static double? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue(out double number) ? number : null;

    private JsonNode? Field(LoraComponent component, string field)
    {
        string prefix = component switch { LoraComponent.UNet => "unet", LoraComponent.TextEncoder => "text_encoder", _ => "text_encoder_2" };
        return config[$"{prefix}.{field}"] ?? config[field];
    }
}
