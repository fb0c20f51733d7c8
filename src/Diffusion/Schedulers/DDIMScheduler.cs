using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Denoising diffusion implicit models (Song et al. 2021, equations 12 and 16; diffusers' DDIMScheduler). The prior of
/// zero-terminal-SNR models is served too (Lin et al. 2024).</summary>
public sealed class DDIMScheduler : IScheduler
{
    private readonly NoiseSchedule schedule;
    private readonly PredictionType prediction;
    private readonly string spacing;
    private readonly int stepsOffset;
    private readonly float finalAlpha;
    private readonly SampleLimit limit;
    private double[] timesteps = [];

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public DDIMScheduler(SchedulerConfig config)
    {
        schedule = NoiseSchedule.Read(config);
        schedule = config.Flag("rescale_betas_zero_snr", false) ? schedule.WithZeroTerminalSnr() : schedule;
        prediction = Predictions.Read(config);
        spacing = TimestepSpacing.Read(config, "leading");
        stepsOffset = config.Whole("steps_offset", 0, least: 0);
        finalAlpha = config.Flag("set_alpha_to_one", true) ? 1 : schedule.AlphasCumprod[0];
        limit = SampleLimit.Read(config, clipSample: true);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => timesteps;

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps)
    {
        timesteps = TimestepSpacing.LayWhole(spacing, schedule.NumTrainTimesteps, numInferenceSteps, stepsOffset);
    }

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        int time = (int)timesteps[step], before = time - (schedule.NumTrainTimesteps / timesteps.Length);
        double alpha = schedule.AlphasCumprod[time], alphaBefore = before >= 0 ? schedule.AlphasCumprod[before] : finalAlpha;
        var level = NoiseLevel.OfAlphaCumprod(alpha);

        var original = limit.Apply(prediction.OriginalSample(modelOutput, sample, level));
        var epsilon = options.UseClippedModelOutput
            ? Predictions.EpsilonBeside(original, sample, level)
            : prediction.Epsilon(modelOutput, sample, level);

        double variance = (1 - alphaBefore) / (1 - alpha) * (1 - (alpha / alphaBefore));
        double eta = options.Eta ?? 0, sigma = eta * Math.Sqrt(variance);
        var previous = (original * Math.Sqrt(alphaBefore)) + (epsilon * Math.Sqrt(1 - alphaBefore - (sigma * sigma)));
        if (eta > 0)
        {
            previous = previous + (noise.Draw(sample.shape, sample.device) * sigma);
        }

        return previous.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => schedule.Level(timesteps[step]).AddNoise(originalSamples, noise);
}
