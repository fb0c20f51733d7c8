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
    /// <param name="config">Reads prediction_type.</param>
    /// <param name="sample">Whether the class takes a prediction of x₀.</param>
    public static PredictionType Read(SchedulerConfig config, bool sample = true)
    {
        string[] known = sample ? ["epsilon", "sample", "v_prediction"] : ["epsilon", "v_prediction"];
        return config.Choice("prediction_type", "epsilon", known) switch
        {
            "epsilon" => PredictionType.Epsilon,
            "sample" => PredictionType.Sample,
            _ => PredictionType.VPrediction,
        };
    }

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

    /// <summary>x₀ for a sample x = α·x₀ + σ·ε.</summary>
    public static Tensor OriginalSample(this PredictionType type, Tensor output, Tensor sample, NoiseLevel level) => type switch
    {
        PredictionType.Epsilon => (sample - (output * level.Sigma)) / level.Alpha,
        PredictionType.Sample => output,
        _ => (sample * level.Alpha) - (output * level.Sigma),
    };

    /// <summary>ε for a sample x = α·x₀ + σ·ε.</summary>
    public static Tensor Epsilon(this PredictionType type, Tensor output, Tensor sample, NoiseLevel level) => type switch
    {
        PredictionType.Epsilon => output,
        PredictionType.Sample => EpsilonBeside(output, sample, level),
        _ => (output * level.Alpha) + (sample * level.Sigma),
    };

    /// <summary>The ε that makes a sample x = α·x₀ + σ·ε of a given x₀.</summary>
    public static Tensor EpsilonBeside(Tensor original, Tensor sample, NoiseLevel level) => (sample - (original * level.Alpha)) / level.Sigma;
}
