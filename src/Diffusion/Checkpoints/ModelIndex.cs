using System.Text.Json.Serialization;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>
/// A model folder's model_index.json: the pipeline it was saved from and library and class of each component. What the
/// pipeline adds to the networks (safety checkers, image encoders, ControlNets) is ignored: requests say what to do.
/// </summary>
internal sealed record ModelIndex : ICheckedConfig
{
    public const string FileName = "model_index.json";

    /// <summary>A1111's default.</summary>
    public const double UsualGuidanceScale = 7;

    private const string XLPrefix = "StableDiffusionXL", LcmPrefix = "LatentConsistencyModel";

    // diffusers' pipelines over these networks; a folder's says what it was saved from, not what it may be used for
    private static readonly string[] Uses = ["", "Img2Img", "Inpaint", "ControlNet", "ControlNetImg2Img", "ControlNetInpaint"];

    [JsonPropertyName("_class_name")]
    public string ClassName { get; init; } = "StableDiffusionPipeline";

    public IReadOnlyList<string?> TextEncoder { get; init; } = [];

    [JsonPropertyName("text_encoder_2")]
    public IReadOnlyList<string?> TextEncoder2 { get; init; } = [];

    public IReadOnlyList<string?> Tokenizer { get; init; } = [];

    [JsonPropertyName("tokenizer_2")]
    public IReadOnlyList<string?> Tokenizer2 { get; init; } = [];

    public IReadOnlyList<string?> Vae { get; init; } = [];

    public IReadOnlyList<string?> Unet { get; init; } = [];

    /// <summary>Whether an SDXL model was trained with zeros, and not with an encoded "", where there is no prompt.</summary>
    public bool ForceZerosForEmptyPrompt { get; init; } = true;

    /// <summary>
    /// A key of this project's own; diffusers passes over keys with an underscore. Folders without it have A1111's default.
    /// </summary>
    [JsonPropertyName("_guidance_scale")]
    public double GuidanceScale { get; init; } = UsualGuidanceScale;

    [JsonIgnore]
    public bool IsXL => ClassName.StartsWith(XLPrefix, StringComparison.Ordinal);

    /// <summary>Whether an SDXL model is told how beautiful the picture is to be in place of the size that is wanted, as the refiner.</summary>
    public bool RequiresAestheticsScore { get; init; }

    /// <summary>Whether it has a first text encoder; SDXL's refiner has the second alone.</summary>
    [JsonIgnore]
    public bool HasTextEncoder => !(IsXL && TextEncoder.Concat(Tokenizer).All(part => part is null));

    /// <inheritdoc/>
    public static IReadOnlyDictionary<string, string[]> Supported { get; } = new Dictionary<string, string[]>
    {
        ["_class_name"] =
        [
            .. Uses.SelectMany(use => new[] { $"\"StableDiffusion{use}Pipeline\"", $"\"{XLPrefix}{use}Pipeline\"" }),
            "\"StableDiffusionInpaintPipelineLegacy\"", $"\"{LcmPrefix}Pipeline\"", $"\"{LcmPrefix}Img2ImgPipeline\"",
        ],
        ["text_encoder"] = ["null", "\"transformers\"", $"\"{nameof(CLIPTextModel)}\""],
        ["text_encoder_2"] = ["null", "\"transformers\"", $"\"{nameof(CLIPTextModelWithProjection)}\""],
        ["tokenizer"] = ["null", "\"transformers\"", "\"CLIPTokenizer\"", "\"CLIPTokenizerFast\""],
        ["tokenizer_2"] = ["null", "\"transformers\"", "\"CLIPTokenizer\"", "\"CLIPTokenizerFast\""],
        ["vae"] = ["\"diffusers\"", $"\"{nameof(AutoencoderKL)}\""],
        ["unet"] = ["\"diffusers\"", $"\"{nameof(UNet2DConditionModel)}\""],
    };

    /// <inheritdoc/>
    public IEnumerable<(string Field, string Value, string Rule)> Contradictions()
    {
        var needed = new List<(string Component, IReadOnlyList<string?> Type)> { ("vae", Vae), ("unet", Unet) };
        if (HasTextEncoder)
        {
            needed.AddRange([("text_encoder", TextEncoder), ("tokenizer", Tokenizer)]);
        }

        if (IsXL)
        {
            needed.AddRange([("text_encoder_2", TextEncoder2), ("tokenizer_2", Tokenizer2)]);
        }

        foreach (var (component, type) in needed.Where(one => one.Type.Count != 2 || one.Type.Contains(null)))
        {
            yield return (component, $"[{string.Join(", ", type.Select(part => part ?? "null"))}]", "its library and its class");
        }
    }
}
