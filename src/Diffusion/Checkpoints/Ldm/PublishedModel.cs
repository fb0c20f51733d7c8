using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Clip;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Networks.UNet;
using StableDiffusion.Diffusion.Networks.Vae;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Checkpoints.Ldm;

/// <summary>The configurations of a published model: those of stable-diffusion-v1-5, stable-diffusion-2-1,
/// stable-diffusion-xl-base-1.0 and stable-diffusion-xl-refiner-1.0 on huggingface.co.</summary>
internal sealed record PublishedModel
{
    private static readonly CLIPTextConfig Clip = new()
    {
        HiddenSize = 768,
        IntermediateSize = 3072,
        ProjectionDim = 768,
        NumHiddenLayers = 12,
        NumAttentionHeads = 12,
        HiddenAct = "quick_gelu",
        EosTokenId = 2,
    };

    private static readonly AutoencoderKLConfig VaeSizes = new()
    {
        BlockOutChannels = [128, 256, 512, 512],
        DownBlockTypes = ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
        UpBlockTypes = ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"],
        LayersPerBlock = 2,
        SampleSize = 512,
    };

    public required CLIPTextConfig? TextEncoder { get; init; }

    public CLIPTextConfig? TextEncoder2 { get; init; }

    public required UNet2DConditionConfig UNet { get; init; }

    public required AutoencoderKLConfig Vae { get; init; }

    /// <summary>diffusers' class of the scheduler that comes with the model.</summary>
    public required string SchedulerClass { get; init; }

    /// <summary>The token that fills prompts up.</summary>
    public required string PadToken { get; init; }

    /// <summary>The model of a family.</summary>
    /// <param name="family">The family.</param>
    /// <param name="inChannels">Channels that its U-Net takes: 9 where it was trained to paint in.</param>
    /// <param name="prediction">What it predicts; SD 2.x comes with 512 pixels and ε or with 768 and v.</param>
    public static PublishedModel Of(SingleFileFamily family, int inChannels, PredictionType prediction)
    {
        var model = family switch
        {
            SingleFileFamily.SD1 => SD1(),
            SingleFileFamily.SD2 => SD2(prediction == PredictionType.VPrediction ? 768 : 512),
            SingleFileFamily.XL => XL(),
            _ => XLRefiner(),
        };
        return model with { UNet = model.UNet with { InChannels = inChannels } };
    }

    /// <summary>The configuration of the scheduler.</summary>
    public JsonObject Scheduler(PredictionType prediction, bool zeroTerminalSnr) => new()
    {
        ["_class_name"] = SchedulerClass,
        ["beta_end"] = 0.012,
        ["beta_schedule"] = "scaled_linear",
        ["beta_start"] = 0.00085,
        ["clip_sample"] = false,
        ["num_train_timesteps"] = 1000,
        ["prediction_type"] = prediction.ToName(),
        ["rescale_betas_zero_snr"] = zeroTerminalSnr,
        ["set_alpha_to_one"] = false,
        ["skip_prk_steps"] = true,
        ["steps_offset"] = 1,
        ["timestep_spacing"] = "leading",
    };

    private static PublishedModel SD1() => new()
    {
        TextEncoder = Clip,
        UNet = new UNet2DConditionConfig { SampleSize = 64, CrossAttentionDim = 768, AttentionHeadDim = 8 },
        Vae = VaeSizes,
        SchedulerClass = "PNDMScheduler",
        PadToken = "<|endoftext|>",
    };

    private static PublishedModel SD2(int size) => new()
    {
        TextEncoder = new CLIPTextConfig
        {
            HiddenSize = 1024,
            IntermediateSize = 4096,
            ProjectionDim = 512,
            NumHiddenLayers = 23, // of 24 in the file: it was trained on the last but one
            NumAttentionHeads = 16,
            HiddenAct = "gelu",
        },
        UNet = new UNet2DConditionConfig
        {
            SampleSize = size / 8,
            CrossAttentionDim = 1024,
            AttentionHeadDim = new PerLevel(5, 10, 20, 20),
            UseLinearProjection = true,
        },
        Vae = VaeSizes with { SampleSize = size },
        SchedulerClass = "DDIMScheduler",
        PadToken = "!",
    };

    private static PublishedModel XL() => new()
    {
        TextEncoder = Clip,
        TextEncoder2 = new CLIPTextConfig
        {
            HiddenSize = 1280,
            IntermediateSize = 5120,
            ProjectionDim = 1280,
            NumHiddenLayers = 32,
            NumAttentionHeads = 20,
            HiddenAct = "gelu",
            EosTokenId = 2,
        },
        UNet = new UNet2DConditionConfig
        {
            SampleSize = 128,
            BlockOutChannels = [320, 640, 1280],
            DownBlockTypes = [nameof(DownBlock2D), nameof(CrossAttnDownBlock2D), nameof(CrossAttnDownBlock2D)],
            UpBlockTypes = [nameof(CrossAttnUpBlock2D), nameof(CrossAttnUpBlock2D), nameof(UpBlock2D)],
            TransformerLayersPerBlock = new LayerDepths(1, 2, 10),
            CrossAttentionDim = 2048,
            AttentionHeadDim = new PerLevel(5, 10, 20),
            UseLinearProjection = true,
            AdditionEmbedType = UNetEncoderConfig.TextTime,
            AdditionTimeEmbedDim = 256,
            ProjectionClassEmbeddingsInputDim = 2816,
        },
        Vae = VaeSizes with { SampleSize = 1024, ScalingFactor = 0.13025 },
        SchedulerClass = "EulerDiscreteScheduler",
        PadToken = "<|endoftext|>",
    };

    private static PublishedModel XLRefiner() => XL() with
    {
        TextEncoder = null,
        UNet = new UNet2DConditionConfig
        {
            SampleSize = 128,
            BlockOutChannels = [384, 768, 1536, 1536],
            DownBlockTypes = [nameof(DownBlock2D), nameof(CrossAttnDownBlock2D), nameof(CrossAttnDownBlock2D), nameof(DownBlock2D)],
            UpBlockTypes = [nameof(UpBlock2D), nameof(CrossAttnUpBlock2D), nameof(CrossAttnUpBlock2D), nameof(UpBlock2D)],
            TransformerLayersPerBlock = 4,
            CrossAttentionDim = 1280,
            AttentionHeadDim = new PerLevel(6, 12, 24, 24),
            UseLinearProjection = true,
            AdditionEmbedType = UNetEncoderConfig.TextTime,
            AdditionTimeEmbedDim = 256,
            ProjectionClassEmbeddingsInputDim = 2560,
        },
    };
}
