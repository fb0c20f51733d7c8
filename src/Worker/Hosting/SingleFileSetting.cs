using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Worker.Hosting;

/// <summary>Settings <c>Worker:SingleFiles:NAME</c>: what the checkpoint NAME.safetensors cannot say of itself. Both are words, since of a named
/// setting's values .NET drops in silence what does not convert.</summary>
public sealed class SingleFileSetting
{
    private static readonly Dictionary<string, PredictionType> Predictions = new()
    {
        ["epsilon"] = Diffusion.Schedulers.PredictionType.Epsilon,
        ["v_prediction"] = Diffusion.Schedulers.PredictionType.VPrediction,
        ["sample"] = Diffusion.Schedulers.PredictionType.Sample,
    };

    /// <summary>What its U-Net predicts: "epsilon", "v_prediction" or "sample". Null: what <see cref="SingleFileOptions.PredictionType"/> says.</summary>
    public string? PredictionType { get; set; }

    /// <summary>Whether its averaged weights (<c>model_ema.…</c>) are drawn with: "true", or "false", the default.</summary>
    public string? UseEma { get; set; }

    /// <summary>What is wrong, from the setting's own name on; nothing when all is right.</summary>
    internal IEnumerable<string> Faults()
    {
        if (PredictionType is not null && !Predictions.ContainsKey(PredictionType))
        {
            yield return $"PredictionType is \"{PredictionType}\"; it must be epsilon, v_prediction or sample.";
        }
        if (UseEma is not null && !bool.TryParse(UseEma, out _))
        {
            yield return $"UseEma is \"{UseEma}\"; it must be true or false.";
        }
    }

    /// <summary>As the library takes it.</summary>
    internal SingleFileOptions ToOptions() => new()
    {
        PredictionType = PredictionType is null ? null : Predictions[PredictionType],
        UseEma = UseEma is not null && bool.Parse(UseEma),
    };
}
