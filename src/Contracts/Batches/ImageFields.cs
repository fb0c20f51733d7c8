using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Contracts.Batches;

/// <summary>What may be said of an image, with A1111's field names (JSON, snake_case); what is left out has its default. Pictures come as PNG in base64, bare or
/// as a data URL.</summary>
/// <remarks>The attributes are for readers and for OpenAPI; the coordinator's own checks refuse what is out of range, and know the
/// limits that are settings.</remarks>
public record ImageFields
{
    /// <summary>The model's name; may be left out when live workers hold just one.</summary>
    public string? Model { get; init; }

    /// <summary>What to draw; instead of <c>prompts</c>.</summary>
    public string? Prompt { get; init; }

    /// <summary>What to steer away from.</summary>
    public string? NegativePrompt { get; init; }

    /// <summary>First seed; each prompt takes seed, seed+1, … Random when absent or -1; then resolved and stored at submission.</summary>
    [Range(typeof(long), "-1", "9007199254740991")]
    public long? Seed { get; init; }

    /// <summary>Denoising steps, 20 by default.</summary>
    public int? Steps { get; init; }

    /// <summary>0 … 30; by default what the model recommends, mostly 7.</summary>
    [Range(0.0, 30.0)]
    public double? CfgScale { get; init; }

    /// <summary>Pixels, a multiple of the model's VAE factor; the model's own size by default.</summary>
    public int? Width { get; init; }

    /// <summary>Pixels, a multiple of the model's VAE factor; the model's own size by default.</summary>
    public int? Height { get; init; }

    /// <summary>A1111's sampler name, like "DPM++ 2M"; older names that end in the schedule type, like "DPM++ 2M Karras", and diffusers' classes, like "DPMSolverMultistepScheduler", will do, too. The model's own by default.</summary>
    public string? SamplerName { get; init; }

    /// <summary>A1111's schedule type: the spacing of the noise levels, like "Karras". "Automatic" by default: the sampler's own.</summary>
    public string? Scheduler { get; init; }

    /// <summary>0 … 1, 0 by default: η, the share of fresh noise in each step of DDIM and samplers like it.</summary>
    [Range(0.0, 1.0)]
    public double? Eta { get; init; }

    /// <summary>0 … 1, 0 by default: draws a guided prediction's spread back to the text's own, against burnt colours at high guidance.</summary>
    [Range(0.0, 1.0)]
    public double? GuidanceRescale { get; init; }

    /// <summary>1 … 12, as A1111 counts: 1 reads the text encoder's last layer, 2 the last but one. By default what the model was trained with.</summary>
    [Range(1, 12)]
    public int? ClipSkip { get; init; }

    /// <summary>"a1111" by default: (word:1.3), [word], [cat:dog:0.4], [cat|dog], BREAK, AND, &lt;lora:name:weight&gt;, embeddings by name, any length. "plain": the text as it stands, cut to the encoder's tokens, as diffusers reads it.</summary>
    public PromptSyntax? PromptSyntax { get; init; }

    /// <summary>SDXL: what the second text encoder reads; the prompt by default.</summary>
    [JsonPropertyName("prompt_2")]
    public string? Prompt2 { get; init; }

    /// <summary>SDXL: what the second text encoder reads to steer away from; the negative prompt by default.</summary>
    [JsonPropertyName("negative_prompt_2")]
    public string? NegativePrompt2 { get; init; }

    /// <summary>LoRAs for all images, besides those that prompts name as &lt;lora:name:weight&gt;.</summary>
    public IReadOnlyList<LoraUse>? Loras { get; init; }

    /// <summary>Name of a VAE that takes the place of the model's own.</summary>
    public string? Vae { get; init; }

    /// <summary>Image to image: one picture to start from. Width and height are its own by default.</summary>
    [Length(1, 1)]
    public IReadOnlyList<string>? InitImages { get; init; }

    /// <summary>0 … 1: the share of the steps that is taken over a picture. 0.75 by default with init_images (0 is the VAE's round trip), 0.7 for enable_hr's second pass.</summary>
    [Range(0.0, 1.0)]
    public double? DenoisingStrength { get; init; }

    /// <summary>In-painting: where it is white, the picture is drawn anew, or where it is opaque, if anything of it is transparent. Brought to the size of init_images.</summary>
    public string? Mask { get; init; }

    /// <summary>0 … 64, 4 by default: softens the mask's edge; standard deviation in pixels.</summary>
    [Range(0.0, 64.0)]
    public double? MaskBlur { get; init; }

    /// <summary>1: what is black is drawn anew instead; 0 by default.</summary>
    [Range(0, 1)]
    public int? InpaintingMaskInvert { get; init; }

    /// <summary>What the masked area starts from: 0 the colours around it, 1 (by default) what is there, 2 noise, 3 zeros.</summary>
    [Range(0, 3)]
    public int? InpaintingFill { get; init; }

    /// <summary>true: only the masked area is drawn, at width × height, and put back into the picture, which keeps its size. false by default.</summary>
    public bool? InpaintFullRes { get; init; }

    /// <summary>0 … 256, 32 by default: pixels around the masked area that are drawn with it when inpaint_full_res is true.</summary>
    [Range(0, 256)]
    public int? InpaintFullResPadding { get; init; }

    /// <summary>true by default: pixels outside the mask are the input's own; false leaves them as the VAE gives them back.</summary>
    public bool? PasteBack { get; init; }

    /// <summary>true: a second pass over the enlarged picture ("hires. fix"); not with init_images. false by default.</summary>
    public bool? EnableHr { get; init; }

    /// <summary>1 … 8, 2 by default: the second pass's size over the first's.</summary>
    [Range(1.0, 8.0)]
    public double? HrScale { get; init; }

    /// <summary>The second pass's width in pixels, instead of hr_scale; with 0 or left out it follows from hr_resize_y.</summary>
    public int? HrResizeX { get; init; }

    /// <summary>The second pass's height in pixels, instead of hr_scale; with 0 or left out it follows from hr_resize_x.</summary>
    public int? HrResizeY { get; init; }

    /// <summary>How the first pass is enlarged, A1111's name; "Latent" by default.</summary>
    public string? HrUpscaler { get; init; }

    /// <summary>Steps of a whole second pass, of which it takes denoising_strength; 0, by default, is the first pass's.</summary>
    public int? HrSecondPassSteps { get; init; }

    /// <summary>Control images and the ControlNets that read them, at most 8.</summary>
    [MaxLength(8)]
    public IReadOnlyList<ControlNetUnit>? ControlnetUnits { get; init; }

    /// <summary>SDXL: the size before scaling that the network is told, in pixels, 1 … 16384; small ones look blurred. The picture's own by default.</summary>
    [Range(1, 16_384)]
    public int? OriginalWidth { get; init; }

    /// <summary>SDXL: as original_width.</summary>
    [Range(1, 16_384)]
    public int? OriginalHeight { get; init; }

    /// <summary>SDXL: pixels cropped off at the left that the network is told; 0 by default.</summary>
    [Range(0, 16_384)]
    public int? CropX { get; init; }

    /// <summary>SDXL: pixels cropped off at the top that the network is told; 0 by default.</summary>
    [Range(0, 16_384)]
    public int? CropY { get; init; }

    /// <summary>SDXL: the wanted size that the network is told, in pixels; the picture's own by default.</summary>
    [Range(1, 16_384)]
    public int? TargetWidth { get; init; }

    /// <summary>SDXL: as target_width.</summary>
    [Range(1, 16_384)]
    public int? TargetHeight { get; init; }

    /// <summary>Pictures that share one call of the networks: the model's batch_class or a half of it, a quarter …; by default the largest that the batch has so many images for. The bytes may depend on it, on a GPU, so it is kept and a rerun uses the same.</summary>
    [Range(1, 8)]
    public int? BatchClass { get; init; }
}
