using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Euler steps to below the next σ, and noise back up to it (k-diffusion's <c>sample_euler_ancestral</c>; diffusers'
/// EulerAncestralDiscreteScheduler).</summary>
public sealed class EulerAncestralDiscreteScheduler : ISigmaScheduler
{
    private readonly SigmaSpacing spacing;
    private readonly PredictionType prediction;
    private SigmaSchedule run = SigmaSchedule.Empty;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public EulerAncestralDiscreteScheduler(SchedulerConfig config)
    {
        var table = new SigmaTable(NoiseSchedule.Read(config), config.Flag("rescale_betas_zero_snr", false));
        spacing = new SigmaSpacing(table, config, curves: false);
        prediction = Predictions.Read(config, sample: false);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => run.Timesteps;

    /// <inheritdoc/>
    public IReadOnlyList<float> Sigmas => run.Sigmas;

    /// <inheritdoc/>
    public double InitNoiseSigma => run.InitNoiseSigma(spacing.TimestepSpacing);

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps) => run = spacing.Lay(numInferenceSteps);

    /// <inheritdoc/>
    public Tensor ScaleModelInput(Tensor sample, int step) => run.ScaleModelInput(sample, step);

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        float sigma = run.Sigmas[step];
        var ancestral = AncestralStep.Between(sigma, run.Sigmas[step + 1]);
        var derivative = (sample - prediction.OriginalSample(modelOutput, sample, sigma)) / sigma;
        var previous = sample + (derivative * (ancestral.Down - sigma)) + (noise.Draw(sample.shape, sample.device) * ancestral.Up);
        return previous.MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => run.AddNoise(originalSamples, noise, step);
}
