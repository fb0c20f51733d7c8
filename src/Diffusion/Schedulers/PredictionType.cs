using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>What a network was trained to say about a noisy sample x = √ᾱ·x₀ + √(1−ᾱ)·ε.</summary>
public enum PredictionType
{
    /// <summary>The noise ε.</summary>
    Epsilon,

    /// <summary>The clean sample x₀.</summary>
    Sample,

    /// <summary>The velocity v = √ᾱ·ε − √(1−ᾱ)·x₀ (Salimans and Ho 2022).</summary>
    VPrediction,
}

internal static class Predictions
{
    public static PredictionType Read(SchedulerConfig config) =>
        config.Choice("prediction_type", "epsilon", "epsilon", "sample", "v_prediction") switch
        {
            "epsilon" => PredictionType.Epsilon,
            "sample" => PredictionType.Sample,
            _ => PredictionType.VPrediction,
        };

    /// <summary>diffusers' name of it.</summary>
    public static string ToName(this PredictionType type) => type switch
    {
        PredictionType.Epsilon => "epsilon",
        PredictionType.Sample => "sample",
        _ => "v_prediction",
    };

    /// <summary>x₀ for a sample x = x₀ + σ·ε, as the σ-methods hold it. For velocities the network saw x/√(σ²+1).</summary>
    public static Tensor OriginalSample(this PredictionType type, Tensor output, Tensor sample, double sigma) => type switch
    {
        PredictionType.Epsilon => sample - (output * sigma),
        PredictionType.Sample => output,
        _ => (output * (-sigma / Math.Sqrt((sigma * sigma) + 1))) + (sample / ((sigma * sigma) + 1)),
    };
}
