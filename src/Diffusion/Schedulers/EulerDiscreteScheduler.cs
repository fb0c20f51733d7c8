using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Euler's method on the probability-flow equation in σ (Karras et al. 2022, algorithm 2; diffusers'
/// EulerDiscreteScheduler).</summary>
public sealed class EulerDiscreteScheduler : ISigmaScheduler
{
    private readonly SigmaSpacing spacing;
    private readonly PredictionType prediction;
    private readonly bool continuousTime;
    private SigmaSchedule run = SigmaSchedule.Empty;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public EulerDiscreteScheduler(SchedulerConfig config)
    {
        var table = new SigmaTable(NoiseSchedule.Read(config), config.Flag("rescale_betas_zero_snr", false));
        bool toZero = config.Choice("final_sigmas_type", "zero", "zero", "sigma_min") == "zero";
        spacing = new SigmaSpacing(table, config)
        {
            LogLinear = config.Choice("interpolation_type", "linear", "linear", "log_linear") == "log_linear",
            FinalSigma = toZero ? 0 : table.Lowest,
        };
        prediction = Predictions.Read(config);
        continuousTime = config.Choice("timestep_type", "discrete", "discrete", "continuous") == "continuous" && prediction == PredictionType.VPrediction;
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => run.Timesteps;

    /// <inheritdoc/>
    public IReadOnlyList<float> Sigmas => run.Sigmas;

    /// <inheritdoc/>
    public double InitNoiseSigma => run.InitNoiseSigma(spacing.TimestepSpacing);

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps)
    {
        run = spacing.Lay(numInferenceSteps);
        if (continuousTime)
        {
            run = run with { Timesteps = [.. run.Sigmas.SkipLast(1).Select(sigma => (double)(0.25f * MathF.Log(sigma)))] };
        }
    }

    /// <inheritdoc/>
    public Tensor ScaleModelInput(Tensor sample, int step) => run.ScaleModelInput(sample, step);

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        double sigma = run.Sigmas[step];
        bool churn = options.STmin <= sigma && sigma <= options.STmax;
        double gamma = churn ? Math.Min(options.SChurn / (run.Sigmas.Length - 1), Math.Sqrt(2) - 1) : 0;
        double sigmaHat = sigma * (gamma + 1);
        if (gamma > 0)
        {
            double spread = options.SNoise * Math.Sqrt((sigmaHat * sigmaHat) - (sigma * sigma));
            sample = sample + (noise.Draw(sample.shape, sample.device) * spread);
        }

        var original = prediction.OriginalSample(modelOutput, sample, prediction == PredictionType.Epsilon ? sigmaHat : sigma);
        var derivative = (sample - original) / sigmaHat;
        return (sample + (derivative * (run.Sigmas[step + 1] - sigmaHat))).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => run.AddNoise(originalSamples, noise, step);
}
