using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Checkpoints;

/// <summary>
/// What a single-file checkpoint does not say. A folder in diffusers' layout without weights may stand beside the file under
/// its name (<c>anything.safetensors</c> and <c>anything/</c>) and say it all; what that leaves out is as published.
/// </summary>
public sealed record SingleFileOptions
{
    /// <summary>
    /// The folder with <c>unet/config.json</c>, <c>vae/config.json</c>, <c>text_encoder/config.json</c>,
    /// <c>scheduler/scheduler_config.json</c>, <c>tokenizer/</c>, SDXL's <c>text_encoder_2/</c> and <c>tokenizer_2/</c>,
    /// and <c>model_index.json</c>, each of which may be missing. Null: the folder of the file's name beside it, if there is one.
    /// </summary>
    public string? ConfigFolder { get; init; }

    /// <summary>
    /// The folder with CLIP's vocabulary, which no checkpoint contains and all published models share. Null:
    /// <c>tokenizer/</c> in the config folder, else <c>tokenizer/</c> beside the file, else in the folder above.
    /// </summary>
    public string? Tokenizer { get; init; }

    /// <summary>
    /// What the U-Net predicts, which its weights do not show. Null: what the config folder's scheduler says, else the
    /// <c>parameterization</c> of the original configuration beside the file (<c>anything.yaml</c>), else v where the file
    /// has the key <c>v_pred</c>, else the family's: v for SD 2.x with 4 channels (diffusers' from_single_file takes the
    /// 768-pixel model's configuration too), ε for all others.
    /// </summary>
    public PredictionType? PredictionType { get; init; }

    /// <summary>Whether to take the U-Net's averaged weights (<c>model_ema.…</c>), which training checkpoints have beside the last ones.</summary>
    public bool UseEma { get; init; }
}
