using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver-2 to below the next σ, and noise back up to it (k-diffusion's <c>sample_dpm_2_ancestral</c>; diffusers'
/// KDPM2AncestralDiscreteScheduler).</summary>
public sealed class KDPM2AncestralDiscreteScheduler : ISigmaScheduler
{
    private readonly MidpointRun run;
    private readonly PredictionType prediction;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public KDPM2AncestralDiscreteScheduler(SchedulerConfig config)
    {
        run = new MidpointRun(new SigmaSpacing(new SigmaTable(NoiseSchedule.Read(config, 0.00085, 0.012)), config) { WholeKarrasTimes = true }, AncestralStep.Middle);
        prediction = Predictions.Read(config, sample: false);
    }

    /// <inheritdoc/>
    public IReadOnlyList<double> Timesteps => run.Timesteps;

    /// <inheritdoc/>
    public IReadOnlyList<float> Sigmas => run.Sigmas;

    /// <inheritdoc/>
    public int Order => 2;

    /// <inheritdoc/>
    public double InitNoiseSigma => run.InitNoiseSigma;

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps) => run.Lay(numInferenceSteps, zeros: 2); // diffusers lists the last one thrice

    /// <inheritdoc/>
    public Tensor ScaleModelInput(Tensor sample, int step) => run.ScaleModelInput(sample, step);

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        if (run.Start.Count == 0)
        {
            run.Start.Add(sample);
            float from = run.Sigmas[step];
            return (sample + (Slope(from) * (AncestralStep.Middle(from, run.Sigmas[step + 1]) - from))).MoveToOuterDisposeScope();
        }

        var (sigma, next) = (run.Sigmas[step - 1], run.Sigmas[step]);
        var ancestral = AncestralStep.Between(sigma, next);
        var previous = run.Start[0] + (Slope(AncestralStep.Middle(sigma, next)) * (ancestral.Down - sigma)) + (noise.Draw(sample.shape, sample.device) * ancestral.Up);
        run.Start.Clear();
        return previous.MoveToOuterDisposeScope();

        Tensor Slope(double at) => (sample - prediction.OriginalSample(modelOutput, sample, at)) / at;
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => run.AddNoise(originalSamples, noise, step);

    /// <inheritdoc/>
    public void Dispose() => run.Dispose();
}
