using System.Text.Json;
using StableDiffusion.Diffusion.Schedulers;
using StableDiffusion.Diffusion.Starter.Captions;

namespace StableDiffusion.Diffusion.Starter.Recipe;

/// <summary>The files of the model folder that are not learned by gradient.</summary>
internal static class StarterFiles
{
    /// <summary>Tokens in a padded prompt, as in every published Stable Diffusion.</summary>
    public const int ModelMaxLength = 77;

    private const double BetaStart = 0.00085;
    private const double BetaEnd = 0.012;
    private const int TrainTimesteps = 1000;

    private const string ModelIndex = """
        {
          "_class_name": "StableDiffusionPipeline",
          "_diffusers_version": "0.35.0",
          "_guidance_scale": 3.0,
          "feature_extractor": [null, null],
          "requires_safety_checker": false,
          "safety_checker": [null, null],
          "scheduler": ["diffusers", "DDIMScheduler"],
          "text_encoder": ["transformers", "CLIPTextModel"],
          "tokenizer": ["transformers", "CLIPTokenizer"],
          "unet": ["diffusers", "UNet2DConditionModel"],
          "vae": ["diffusers", "AutoencoderKL"]
        }

        """;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Stable Diffusion's own noise schedule.</summary>
    public static NoiseSchedule Schedule { get; } = NoiseSchedule.ScaledLinear(BetaStart, BetaEnd, TrainTimesteps).WithZeroTerminalSnr();

    /// <summary>The vocabulary learned from the captions' words.</summary>
    public static CaptionVocabulary Vocabulary { get; } = new(CaptionWriter.Words());

    public static void Write(string folder)
    {
        Vocabulary.Write(Path.Combine(folder, "tokenizer"), ModelMaxLength);
        File.WriteAllText(Path.Combine(folder, "model_index.json"), ModelIndex);
        WriteJson(Path.Combine(folder, "scheduler", "scheduler_config.json"), new Dictionary<string, object>
        {
            ["_class_name"] = "DDIMScheduler",
            ["beta_end"] = BetaEnd,
            ["beta_schedule"] = "scaled_linear",
            ["beta_start"] = BetaStart,
            ["clip_sample"] = false,
            ["num_train_timesteps"] = TrainTimesteps,
            ["prediction_type"] = "v_prediction",
            ["rescale_betas_zero_snr"] = true,
            ["set_alpha_to_one"] = true,
            ["steps_offset"] = 0,
            ["timestep_spacing"] = "trailing",
        });
    }

    private static void WriteJson(string path, Dictionary<string, object> json)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, JsonSerializer.Serialize(json, Json) + "\n");
    }
}
