using System.Text.Json;
using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Networks.ControlNet;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Verification;

/// <summary>Reads a row of pipelines/*.json, whose fields are diffusers' arguments. A field that is not known here means a
/// feature that is not built.</summary>
internal sealed class PipelineRow
{
    private const string UNetField = "unet";
    private const string EmbeddingsField = "embeddings";
    private const string ControlNetsField = "controlnets";
    private static readonly string[] Known =
        ["name", "model", UNetField, "pipeline", "request", "scheduler", "scheduler_config", PipelineAdapters.Field, EmbeddingsField, ControlNetsField, "rounding_alone", "saturated"];

    private readonly VerificationRun run;
    private readonly string folder;
    private readonly JsonElement row;
    private readonly string pipeline;

    /// <exception cref="NotSupportedException">The row needs what is not built; the message names it.</exception>
    public PipelineRow(VerificationRun run, string path, JsonElement row, PipelineNetworks networks)
    {
        (this.run, folder, this.row) = (run, Path.GetDirectoryName(path)!, row);
        pipeline = row.Field("pipeline").GetString()!;
        if (row.Unknown(Known) is { } unknown)
        {
            throw new NotSupportedException(unknown);
        }

        if (!pipeline.StartsWith("StableDiffusion", StringComparison.Ordinal))
        {
            throw new NotSupportedException($"{pipeline} is not built");
        }

        Model = networks.Model(row.Field("model").GetString()!);
        Model = row.TryGetProperty(UNetField, out var unet) ? Model.With(unet: networks.UNet(unet.GetString()!)) : Model;
        var json = row.Field("request");
        var request = ReadRequest(json, new GenerationRequest
        {
            Images = [],
            ControlNets = row.TryGetProperty(ControlNetsField, out var paths) ? ControlNets(json, [.. paths.EnumerateArray().Select(name => networks.ControlNet(name.GetString()!))]) : [],
            Embeddings = row.TryGetProperty(EmbeddingsField, out var words) ? [.. words.EnumerateArray().Select(networks.Embedding)] : [],
            GuidanceScale = IsXL && !DrawsMasked ? 5 : 7.5,
            Scheduler = row.Field("scheduler").GetString(),
            SchedulerConfig = new SchedulerConfig(JsonNode.Parse(row.Field("scheduler_config").GetRawText())!.AsObject(), path),
        });
        Requests = IsXL && !StartsFromPicture ? InterleavedSizes.Of(request, Model) : [request];
    }

    /// <summary>What it is drawn with.</summary>
    public StableDiffusionModel Model { get; }

    /// <summary>What is drawn, one after another.</summary>
    public IReadOnlyList<GenerationRequest> Requests { get; }

    private bool IsXL => pipeline.Contains("XL", StringComparison.Ordinal);

    private bool DrawsMasked => pipeline.Contains("Inpaint", StringComparison.Ordinal);

    private bool StartsFromPicture => DrawsMasked || pipeline.Contains("Img2Img", StringComparison.Ordinal);

    private bool HasControlNets => pipeline.Contains("ControlNet", StringComparison.Ordinal);

    private double DefaultStrength => (DrawsMasked, IsXL) switch
    {
        (true, false) => 1,
        (true, true) => 0.9999,
        (false, true) when !HasControlNets => 0.3,
        _ => 0.8,
    };

    private double DefaultControlScale => (StartsFromPicture, DrawsMasked, IsXL) switch
    {
        (true, false, _) => 0.8,
        (true, true, false) => 0.5,
        _ => 1,
    };

    private GenerationRequest ReadRequest(JsonElement json, GenerationRequest request)
    {
        if (StartsFromPicture)
        {
            request = request with { Init = new ImageToImage { Image = Picture(json.Field("image")), Strength = DefaultStrength } };
        }

        if (DrawsMasked)
        {
            request = request with
            {
                Inpainting = new Inpainting { Mask = Picture(json.Field("mask_image")), LatentsSeed = json.Field("seeds")[0].GetInt64() },
                Width = HasControlNets ? null : Model.DefaultSize,
                Height = HasControlNets ? null : Model.DefaultSize,
            };
        }

        var fields = json.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null);
        return fields.Aggregate(request, (so, field) => Set(so, field.Name, field.Value)) with { Images = Images(json) };
    }

    private GenerationRequest Set(GenerationRequest request, string field, JsonElement value)
    {
        var sizes = request.SizeConditions ?? new SizeConditions();
        return field switch
        {
            "seeds" or "prompt" or "negative_prompt" or "prompt_2" or "negative_prompt_2" => request,
            "image" or "control_image" or "controlnet_conditioning_scale" or "control_guidance_start" or "control_guidance_end" when HasControlNets => request,
            "guess_mode" when HasControlNets => request with { GuessMode = value.GetBoolean() },
            "image" when StartsFromPicture => request,
            "mask_image" when DrawsMasked => request,
            "num_inference_steps" => request with { NumInferenceSteps = value.GetInt32() },
            "guidance_scale" => request with { GuidanceScale = value.GetDouble() },
            "guidance_rescale" => request with { GuidanceRescale = value.GetDouble() },
            "eta" => request with { Eta = value.GetDouble() },
            "clip_skip" => request with { ClipSkip = value.GetInt32() },
            "width" => request with { Width = value.GetInt32() },
            "height" => request with { Height = value.GetInt32() },
            "strength" when StartsFromPicture => request with { Init = request.Init! with { Strength = value.GetDouble() } },
            "padding_mask_crop" when DrawsMasked => request with { Inpainting = request.Inpainting! with { PaddingMaskCrop = value.GetInt32() } },
            "original_size" => request with { SizeConditions = sizes with { OriginalSize = Pair(value) } },
            "crops_coords_top_left" => request with { SizeConditions = sizes with { CropsCoordsTopLeft = Pair(value) } },
            "aesthetic_score" => request with { SizeConditions = sizes with { AestheticScore = value.GetDouble() } },
            "negative_aesthetic_score" => request with { SizeConditions = sizes with { NegativeAestheticScore = value.GetDouble() } },
            "target_size" => request with { SizeConditions = sizes with { TargetSize = Pair(value) } },
            "negative_original_size" => request with { SizeConditions = sizes with { NegativeOriginalSize = Pair(value) } },
            "negative_crops_coords_top_left" => request with { SizeConditions = sizes with { NegativeCropsCoordsTopLeft = Pair(value) } },
            "negative_target_size" => request with { SizeConditions = sizes with { NegativeTargetSize = Pair(value) } },
            _ => throw new NotSupportedException($"the request's \"{field}\" is not built"),
        };
    }

    /// <summary>Each field one value for all networks, or a list with one for each.</summary>
    private ControlInput[] ControlNets(JsonElement json, ControlNetModel[] networks) => [.. networks.Select((network, i) => new ControlInput
    {
        Network = network,
        Image = Picture(Own(json, StartsFromPicture ? "control_image" : "image", i) ?? throw new KeyNotFoundException("the row has no control picture")),
        Scale = Own(json, "controlnet_conditioning_scale", i)?.GetDouble() ?? DefaultControlScale,
        Start = Own(json, "control_guidance_start", i)?.GetDouble() ?? 0,
        End = Own(json, "control_guidance_end", i)?.GetDouble() ?? 1,
    })];

    private static JsonElement? Own(JsonElement json, string field, int index) => !json.TryGetProperty(field, out var value) ? null
        : value.ValueKind == JsonValueKind.Array ? value[index] : value;

    private static ImagePrompt[] Images(JsonElement json)
    {
        long[] seeds = [.. json.Field("seeds").EnumerateArray().Select(seed => seed.GetInt64())];
        string?[] prompts = Texts("prompt"), negatives = Texts("negative_prompt"), prompts2 = Texts("prompt_2"), negatives2 = Texts("negative_prompt_2");
        return [.. seeds.Select((seed, i) => new ImagePrompt(prompts[i]!, negatives[i], seed) { Prompt2 = prompts2[i], NegativePrompt2 = negatives2[i] })];

        // one text for all pictures, or a list with one for each
        string?[] Texts(string field) => json.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(text => text.GetString())]
            : [.. Enumerable.Repeat(value.ValueKind == JsonValueKind.String ? value.GetString() : null, seeds.Length)];
    }

    private static (int First, int Second) Pair(JsonElement value) => (value[0].GetInt32(), value[1].GetInt32());

    private Picture Picture(JsonElement name) =>
        PngReader.Read(File.ReadAllBytes(run.Use(Path.Combine(folder, "inputs", $"{name.GetString()}.png")))).Picture;
}
