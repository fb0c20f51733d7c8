using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver++ (2S) of the stochastic equation, with ancestral noise in both halves of a step (Lu et al. 2022b; k-diffusion's
/// <c>sample_dpmpp_sde</c>; diffusers' DPMSolverSDEScheduler). Noise is drawn plainly from the pictures' generators; diffusers takes it from a
/// Brownian tree, so the same seed gives another picture there.</summary>
public sealed class DPMSolverSDEScheduler : ISigmaScheduler
{
    private readonly SigmaSpacing spacing;
    private readonly PredictionType prediction;
    private readonly TensorHistory start = new(1); // of the step whose second half is next
    private SigmaSchedule run = SigmaSchedule.Empty;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public DPMSolverSDEScheduler(SchedulerConfig config)
    {
        spacing = new SigmaSpacing(new SigmaTable(NoiseSchedule.Read(config, 0.00085, 0.012)), config);
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
        run = steps.InHalves(steps.Sigmas.Zip(steps.Sigmas.Skip(1), Middle).SkipLast(1).Select(sigma => spacing.Table.TimeOf(sigma)));
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
            var (sigma, next) = (run.Sigmas[step], run.Sigmas[step + 1]);
            var original = prediction.OriginalSample(modelOutput, sample, sigma);
            if (next == 0)
            {
                return (sample + ((sample - original) / sigma * -sigma)).MoveToOuterDisposeScope();
            }

            start.Add(sample);
            return Advance(sample, original, sigma, Middle(sigma, next)).MoveToOuterDisposeScope();
        }

        var (from, to) = (run.Sigmas[step - 1], run.Sigmas[step]);
        var previous = Advance(start[0], prediction.OriginalSample(modelOutput, sample, Middle(from, to)), from, to);
        start.Clear();
        return previous.MoveToOuterDisposeScope();

        // the equation solved for a constant x₀, with its noise
        Tensor Advance(Tensor x, Tensor original, double sigma, double next)
        {
            var ancestral = AncestralStep.Between(sigma, next);
            double kept = ancestral.Down / sigma;
            return (x * kept) + (original * (1 - kept)) + (noise.Draw(x.shape, x.device) * (options.SNoise * ancestral.Up));
        }
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step)
    {
        using var scope = NewDisposeScope();
        return (originalSamples + (noise * run.Sigmas[step])).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => start.Dispose();

    /// <summary>Halfway between two σ in their logarithm.</summary>
    private static double Middle(float from, float to) => Math.Sqrt((double)from * to);
}
