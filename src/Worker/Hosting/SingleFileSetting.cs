using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Worker.Hosting;

/// <summary>Settings <c>Worker:SingleFiles:NAME</c>: what the checkpoint NAME.safetensors cannot say of itself.</summary>
public sealed record SingleFileSetting
{
    private static readonly Dictionary<string, PredictionType> Predictions = new()
    {
        ["epsilon"] = Diffusion.Schedulers.PredictionType.Epsilon,
        ["v_prediction"] = Diffusion.Schedulers.PredictionType.VPrediction,
        ["sample"] = Diffusion.Schedulers.PredictionType.Sample,
    };

    /// <summary>What its U-Net predicts: "epsilon", "v_prediction" or "sample". Null: what <see cref="SingleFileOptions.PredictionType"/> says.</summary>
    public string? PredictionType { get; set; }

    /// <summary>Whether its averaged weights (<c>model_ema.…</c>) are drawn with.</summary>
    public bool UseEma { get; set; }

    /// <summary>What is wrong with it, after the setting's name; null when nothing is.</summary>
    internal string? Fault => PredictionType is null || Predictions.ContainsKey(PredictionType) ? null
        : $"PredictionType is \"{PredictionType}\"; it must be {string.Join(" or ", Predictions.Keys)}.";

    /// <summary>As the library takes it.</summary>
    internal SingleFileOptions ToOptions() => new() { PredictionType = PredictionType is null ? null : Predictions[PredictionType], UseEma = UseEma };
}
