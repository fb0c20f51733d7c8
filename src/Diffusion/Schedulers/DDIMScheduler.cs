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
        if (config.Flag("rescale_betas_zero_snr", false))
        {
            schedule = schedule.WithZeroTerminalSnr();
        }

        prediction = Predictions.Read(config);
        spacing = TimestepSpacing.Read(config, "leading");
        stepsOffset = config.Whole("steps_offset", 0, least: 0);
        finalAlpha = config.Flag("set_alpha_to_one", true) ? 1 : schedule.AlphasCumprod[0];
        limit = new SampleLimit(config, clipSample: true);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => timesteps;

    /// <inheritdoc/>
    public int Order => 1;

    /// <inheritdoc/>
    public double InitNoiseSigma => 1;

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps)
    {
        double[] laid = TimestepSpacing.Lay(spacing, schedule.NumTrainTimesteps, numInferenceSteps, stepsOffset);
        if (laid[0] >= schedule.NumTrainTimesteps)
        {
            throw new ArgumentOutOfRangeException(
                nameof(numInferenceSteps), numInferenceSteps, $"With steps_offset {stepsOffset} so many steps begin at time {laid[0]}, behind the schedule's {schedule.NumTrainTimesteps}; take fewer.");
        }

        timesteps = [.. laid.Select(time => Math.Round(time))];
    }

    /// <inheritdoc/>
    public Tensor ScaleModelInput(Tensor sample, int step) => sample.alias();

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        int time = (int)timesteps[step], before = time - (schedule.NumTrainTimesteps / timesteps.Length);
        double alpha = schedule.AlphasCumprod[time], beta = 1 - alpha;
        double alphaBefore = before >= 0 ? schedule.AlphasCumprod[before] : finalAlpha;

        var (original, epsilon) = Split(modelOutput, sample, Math.Sqrt(alpha), Math.Sqrt(beta));
        original = limit.Apply(original);

        double variance = (1 - alphaBefore) / beta * (1 - (alpha / alphaBefore));
        double eta = options.Eta ?? 0, sigma = eta * Math.Sqrt(variance);
        var previous = (original * Math.Sqrt(alphaBefore)) + (epsilon * Math.Sqrt(1 - alphaBefore - (sigma * sigma)));
        if (eta > 0)
        {
            previous = previous + (noise.Draw(sample.shape, sample.device) * sigma);
        }

        return previous.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step)
    {
        using var scope = NewDisposeScope();
        double alpha = schedule.AlphasCumprod[(int)timesteps[step]];
        return ((originalSamples * Math.Sqrt(alpha)) + (noise * Math.Sqrt(1 - alpha))).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>x₀ and ε of x = √ᾱ·x₀ + √(1−ᾱ)·ε, from whichever the network gave.</summary>
    private (Tensor Original, Tensor Epsilon) Split(Tensor output, Tensor sample, double signal, double spread) => prediction switch
    {
        PredictionType.Epsilon => ((sample - (output * spread)) / signal, output),
        PredictionType.Sample => (output, (sample - (output * signal)) / spread),
        _ => ((sample * signal) - (output * spread), (output * signal) + (sample * spread)),
    };
}
