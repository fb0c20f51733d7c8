using System.Text.Json.Serialization;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>
/// A model folder's model_index.json: library and class of each component. Safety checkers and their like are ignored.
/// </summary>
internal sealed record ModelIndex : ICheckedConfig
{
    public const string FileName = "model_index.json";

    public IReadOnlyList<string> TextEncoder { get; init; } = [];

    public IReadOnlyList<string> Tokenizer { get; init; } = [];

    public IReadOnlyList<string> Vae { get; init; } = [];

    public IReadOnlyList<string> Unet { get; init; } = [];

    /// <summary>
    /// A key of this project's own; diffusers passes over keys with an underscore. Folders without it have A1111's default.
    /// </summary>
    [JsonPropertyName("_guidance_scale")]
    public double GuidanceScale { get; init; } = 7;

    /// <inheritdoc/>
    public static IReadOnlyDictionary<string, string[]> Supported { get; } = new Dictionary<string, string[]>
    {
        ["_class_name"] = ["\"StableDiffusionPipeline\""],
        ["text_encoder"] = ["\"transformers\"", $"\"{nameof(CLIPTextModel)}\""],
        ["tokenizer"] = ["\"transformers\"", "\"CLIPTokenizer\"", "\"CLIPTokenizerFast\""],
        ["vae"] = ["\"diffusers\"", $"\"{nameof(AutoencoderKL)}\""],
        ["unet"] = ["\"diffusers\"", $"\"{nameof(UNet2DConditionModel)}\""],
    };

    /// <inheritdoc/>
    public IEnumerable<(string Field, string Value, string Rule)> Contradictions()
    {
        foreach (var (component, type) in new[] { ("text_encoder", TextEncoder), ("tokenizer", Tokenizer), ("vae", Vae), ("unet", Unet) })
        {
            if (type.Count != 2)
            {
                yield return (component, $"[{string.Join(", ", type)}]", "its library and its class");
            }
        }
    }
}
