using System.Text.Json;
using System.Text.Json.Serialization;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Contracts;

/// <summary>Everything that decides one image's pixels, with A1111's field names. Resolved: a rerun with these gives the same bytes.</summary>
/// <remarks>Kept as JSON in the database, in messages and in every PNG: fields may be added, with what their absence means as the default.</remarks>
public sealed record ImageSettings
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>What to draw, as it was asked for, with its lora tags.</summary>
    public required string Prompt { get; init; }

    /// <summary>SDXL: what its second text encoder reads instead of the prompt.</summary>
    [JsonPropertyName("prompt_2")]
    public string? Prompt2 { get; init; }

    /// <summary>What to steer away from; "" for nothing.</summary>
    public required string NegativePrompt { get; init; }

    /// <summary>SDXL: what its second text encoder reads instead of the negative prompt.</summary>
    [JsonPropertyName("negative_prompt_2")]
    public string? NegativePrompt2 { get; init; }

    /// <summary>How the prompts are understood.</summary>
    public PromptSyntax PromptSyntax { get; init; }

    /// <summary>Textual inversions that the prompts name.</summary>
    public IReadOnlyList<NamedFile>? Embeddings { get; init; }

    /// <summary>LoRAs in the weights, in the order they are added.</summary>
    public IReadOnlyList<LoraSettings>? Loras { get; init; }

    /// <summary>The VAE in place of the model's own; absent: its own.</summary>
    public NamedFile? Vae { get; init; }

    /// <summary>Where the text encoder ends, as A1111 counts: 2 is the last layer but one. Absent: at its last, or where the model's own configuration says.</summary>
    public int? ClipSkip { get; init; }

    /// <summary>Seed of the image's own CPU generator, 0 … 2^53-1 (so that JSON readers keep it whole).</summary>
    public required long Seed { get; init; }

    /// <summary>Denoising steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Classifier-free guidance; 1 and below is off.</summary>
    public required double CfgScale { get; init; }

    /// <summary>0 … 1: how far a guided prediction's spread is drawn back to the text's own.</summary>
    public double GuidanceRescale { get; init; }

    /// <summary>In pixels.</summary>
    public required int Width { get; init; }

    /// <summary>In pixels.</summary>
    public required int Height { get; init; }

    /// <summary>A1111's name of the sampler.</summary>
    public required string SamplerName { get; init; }

    /// <summary>A1111's schedule type: the spacing of the noise levels.</summary>
    public string Scheduler { get; init; } = "Automatic";

    /// <summary>η, 0 … 1: the share of fresh noise in each step of a sampler that has the choice.</summary>
    public double Eta { get; init; }

    /// <summary>The picture that is started from; absent: text to image.</summary>
    public ImageToImageSettings? ImageToImage { get; init; }

    /// <summary>The part of the picture that is drawn anew; absent: all of it.</summary>
    public InpaintingSettings? Inpainting { get; init; }

    /// <summary>The second, larger pass ("hires. fix"); absent: none.</summary>
    public HighResolutionSettings? HighResolution { get; init; }

    /// <summary>Control images and the networks that read them.</summary>
    public IReadOnlyList<ControlNetSettings>? ControlNets { get; init; }

    /// <summary>SDXL: what the network is told of the picture's size; absent: the picture's own.</summary>
    public SizeSettings? Sizes { get; init; }

    /// <summary>Pictures in one call of the networks, always so many: where kernels round differently for another number, the bytes depend on it.</summary>
    public int BatchClass { get; init; } = 1;

    /// <summary>Pictures that the image is made of besides the networks: content hashes of stored inputs, see <see cref="InputKey"/>.</summary>
    public IEnumerable<string> Inputs()
    {
        string?[] inputs = [ImageToImage?.Image, Inpainting?.Mask, .. ControlNets?.Select(control => control.Image) ?? []];
        return inputs.OfType<string>();
    }

    /// <summary>Files beside the model that a worker must hold to draw the image.</summary>
    public IEnumerable<AdapterDescription> Adapters()
    {
        static AdapterDescription Adapter(AdapterKind kind, string name, string hash) => new() { Kind = kind, Name = name, Hash = hash };
        return
        [
            .. Loras?.Select(lora => Adapter(AdapterKind.Lora, lora.Name, lora.Hash)) ?? [],
            .. Embeddings?.Select(embedding => Adapter(AdapterKind.Embedding, embedding.Name, embedding.Hash)) ?? [],
            .. ControlNets?.Select(control => Adapter(AdapterKind.Controlnet, control.Model, control.Hash)) ?? [],
            .. Vae is { } vae ? [Adapter(AdapterKind.Vae, vae.Name, vae.Hash)] : Array.Empty<AdapterDescription>(),
        ];
    }

    /// <summary>As JSON in the API's spelling.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, FarmJson.Options);

    /// <summary>Reads what <see cref="ToJson"/> wrote, of this version or an older one.</summary>
    /// <exception cref="JsonException">It is not an image's settings.</exception>
    public static ImageSettings FromJson(string json) => JsonSerializer.Deserialize<ImageSettings>(json, FarmJson.Options)!;

    /// <summary>Equal when every field is, lists item by item.</summary>
    public bool Equals(ImageSettings? other) => other is not null && (ReferenceEquals(this, other) || ToJson() == other.ToJson());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Model, Prompt, Seed, SamplerName, Width, Height);
}
