using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Strategic stochastic sampling of trajectory consistency models: each call jumps along the trajectory to a time before the next
/// one, and noise takes it back (Zheng et al. 2024; diffusers' TCDScheduler). γ, how far before, is the step's η: 0 is
/// deterministic, 1 jumps to the picture.</summary>
public sealed class TCDScheduler : IScheduler
{
    private readonly NoiseSchedule schedule;
    private readonly DistilledTimesteps distilled;
    private readonly PredictionType prediction;
    private double[] timesteps = [];

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public TCDScheduler(SchedulerConfig config)
    {
        schedule = NoiseSchedule.Read(config, 0.00085, 0.012, "scaled_linear");
        schedule = config.Flag("rescale_betas_zero_snr", false) ? schedule.WithZeroTerminalSnr() : schedule;
        distilled = new DistilledTimesteps(config, schedule.NumTrainTimesteps);
        prediction = Predictions.Read(config);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => timesteps;

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps) => timesteps = distilled.Lay(numInferenceSteps);

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        double gamma = options.Eta ?? 0.3;
        bool last = step == timesteps.Length - 1;
        int time = (int)timesteps[step], next = last ? 0 : (int)timesteps[step + 1];
        int target = (int)MathF.Floor((float)(1 - gamma) * next); // single precision decides which whole time it is

        var level = NoiseLevel.OfAlphaCumprod(schedule.AlphasCumprod[time]);
        var original = prediction.OriginalSample(modelOutput, sample, level);
        var epsilon = prediction.Epsilon(modelOutput, sample, level);
        var previous = NoiseLevel.OfAlphaCumprod(schedule.AlphasCumprod[target]).AddNoise(original, epsilon);
        if (gamma > 0 && !last)
        {
            double kept = (double)schedule.AlphasCumprod[next] / schedule.AlphasCumprod[target];
            previous = NoiseLevel.OfAlphaCumprod(kept).AddNoise(previous, noise.Draw(sample.shape, sample.device));
        }

        return previous.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => schedule.Level(timesteps[step]).AddNoise(originalSamples, noise);
}
