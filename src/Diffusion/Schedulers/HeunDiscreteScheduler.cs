using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Heun's method in σ: an Euler step, then the step again along the mean of the slopes at both its ends (Karras et al. 2022,
/// algorithm 1; diffusers' HeunDiscreteScheduler).</summary>
public sealed class HeunDiscreteScheduler : ISigmaScheduler
{
    private readonly SigmaSpacing spacing;
    private readonly PredictionType prediction;
    private readonly SampleLimit limit;
    private readonly TensorHistory start = new(1), slope = new(1); // of the step whose second half is next
    private SigmaSchedule run = SigmaSchedule.Empty;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public HeunDiscreteScheduler(SchedulerConfig config)
    {
        spacing = new SigmaSpacing(new SigmaTable(NoiseSchedule.Read(config, 0.00085, 0.012)), config);
        prediction = Predictions.Read(config);
        limit = SampleLimit.ReadClipping(config, clipSample: false);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => run.Timesteps;

    /// <inheritdoc/>
    public IReadOnlyList<float> Sigmas => run.Sigmas;

    /// <inheritdoc/>
    public int Order => 2;

    /// <inheritdoc/>
    public double InitNoiseSigma => run.InitNoiseSigma(spacing.TimestepSpacing);

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps)
    {
        Dispose();
        var steps = spacing.Lay(numInferenceSteps);
        run = steps.InHalves(between: steps.Timesteps.Skip(1));
    }

    /// <inheritdoc/>
    public Tensor ScaleModelInput(Tensor sample, int step) => run.ScaleModelInput(sample, step);

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        double sigma = run.Sigmas[step];
        var original = limit.Apply(prediction.OriginalSample(modelOutput, sample, sigma));
        var derivative = (sample - original) / sigma;
        if (start.Count == 0)
        {
            start.Add(sample);
            slope.Add(derivative);
            return (sample + (derivative * (run.Sigmas[step + 1] - sigma))).MoveToOuterDisposeScope();
        }

        var previous = start[0] + ((slope[0] + derivative) / 2 * (sigma - run.Sigmas[step - 1]));
        Dispose();
        return previous.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => run.AddNoise(originalSamples, noise, step);

    /// <inheritdoc/>
    public void Dispose()
    {
        start.Clear();
        slope.Clear();
    }
}
