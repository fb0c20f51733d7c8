using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver-2 to below the next σ, and noise back up to it (k-diffusion's <c>sample_dpm_2_ancestral</c>; diffusers'
/// KDPM2AncestralDiscreteScheduler).</summary>
public sealed class KDPM2AncestralDiscreteScheduler : ISigmaScheduler
{
    private readonly SigmaSpacing spacing;
    private readonly PredictionType prediction;
    private readonly TensorHistory start = new(1); // of the step whose second half is next
    private SigmaSchedule run = SigmaSchedule.Empty;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public KDPM2AncestralDiscreteScheduler(SchedulerConfig config)
    {
        spacing = new SigmaSpacing(new SigmaTable(NoiseSchedule.Read(config, 0.00085, 0.012)), config) { WholeKarrasTimes = true };
        prediction = Predictions.Read(config, sample: false);
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
        start.Clear();
        var steps = spacing.Lay(numInferenceSteps);
        var between = steps.Sigmas.Zip(steps.Sigmas.Skip(1), Middle).SkipLast(1).Select(sigma => spacing.Table.TimeOf(sigma));
        run = steps.InHalves(between);
        run = run with { Sigmas = [.. run.Sigmas, 0, 0] }; // diffusers lists the last one thrice
    }

    /// <inheritdoc/>
    public Tensor ScaleModelInput(Tensor sample, int step)
    {
        double sigma = start.Count == 0 ? run.Sigmas[step] : Middle(run.Sigmas[step - 1], run.Sigmas[step]);
        return sample / Math.Sqrt((sigma * sigma) + 1);
    }

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        if (start.Count == 0)
        {
            start.Add(sample);
            float from = run.Sigmas[step];
            return (sample + (Slope(from) * (Middle(from, run.Sigmas[step + 1]) - from))).MoveToOuterDisposeScope();
        }

        var (sigma, next) = (run.Sigmas[step - 1], run.Sigmas[step]);
        var ancestral = AncestralStep.Between(sigma, next);
        var previous = start[0] + (Slope(Middle(sigma, next)) * (ancestral.Down - sigma)) + (noise.Draw(sample.shape, sample.device) * ancestral.Up);
        start.Clear();
        return previous.MoveToOuterDisposeScope();

        Tensor Slope(double at) => (sample - prediction.OriginalSample(modelOutput, sample, at)) / at;
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step)
    {
        using var scope = NewDisposeScope();
        return (originalSamples + (noise * run.Sigmas[step])).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => start.Dispose();

    /// <summary>Halfway, in the logarithm, to the σ that a step goes down to; 0 where that is.</summary>
    private static double Middle(float from, float to) => Math.Sqrt((double)from * AncestralStep.Between(from, to).Down);
}
