using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Denoising diffusion probabilistic models: each step draws from the posterior q(x_{t−1}|x_t, x₀) (Ho et al. 2020, equations
/// 6 and 7; diffusers' DDPMScheduler).</summary>
public sealed class DDPMScheduler : IScheduler
{
    private readonly NoiseSchedule schedule;
    private readonly PredictionType prediction;
    private readonly string spacing, varianceType;
    private readonly int stepsOffset;
    private readonly SampleLimit limit;
    private double[] timesteps = [];

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that is not known, or a variance that the network is to
    /// predict, which Stable Diffusion's do not.</exception>
    public DDPMScheduler(SchedulerConfig config)
    {
        schedule = NoiseSchedule.Read(config);
        schedule = config.Flag("rescale_betas_zero_snr", false) ? schedule.WithZeroTerminalSnr() : schedule;
        prediction = Predictions.Read(config);
        spacing = TimestepSpacing.Read(config, "leading");
        stepsOffset = config.Whole("steps_offset", 0, least: 0);
        varianceType = config.Choice("variance_type", "fixed_small", "fixed_small", "fixed_small_log", "fixed_large");
        limit = SampleLimit.Read(config, clipSample: true);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => timesteps;

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps) =>
        timesteps = TimestepSpacing.LayWhole(spacing, schedule.NumTrainTimesteps, numInferenceSteps, stepsOffset);

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        int time = (int)timesteps[step];

        // in single precision, as diffusers has them: short steps have a small β, of which that leaves few digits
        float alpha = schedule.AlphasCumprod[time];
        float alphaBefore = step + 1 < timesteps.Length ? schedule.AlphasCumprod[(int)timesteps[step + 1]] : 1;
        float alphaOfStep = alpha / alphaBefore, betaOfStep = 1 - alphaOfStep;

        var original = limit.Apply(prediction.OriginalSample(modelOutput, sample, NoiseLevel.OfAlphaCumprod(alpha)));
        var previous = (original * (Math.Sqrt(alphaBefore) * betaOfStep / (1 - alpha)))
            + (sample * (Math.Sqrt(alphaOfStep) * (1 - alphaBefore) / (1 - alpha)));
        if (time > 0)
        {
            double posterior = Math.Max((1 - alphaBefore) / (1 - alpha) * betaOfStep, 1e-20);
            double deviation = Math.Sqrt(varianceType == "fixed_large" ? betaOfStep : posterior);
            previous = previous + (noise.Draw(sample.shape, sample.device) * deviation);
        }

        return previous.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => schedule.Level(timesteps[step]).AddNoise(originalSamples, noise);
}
