using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver++ (2S) of the stochastic equation, with ancestral noise in both halves of a step (Lu et al. 2022b; k-diffusion's
/// <c>sample_dpmpp_sde</c>; diffusers' DPMSolverSDEScheduler). Noise is drawn plainly from the pictures' generators; diffusers takes it from a
/// Brownian tree, so the same seed gives another picture there.</summary>
public sealed class DPMSolverSDEScheduler : ISigmaScheduler
{
    private readonly MidpointRun run;
    private readonly PredictionType prediction;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public DPMSolverSDEScheduler(SchedulerConfig config)
    {
        run = new MidpointRun(new SigmaSpacing(new SigmaTable(NoiseSchedule.Read(config, 0.00085, 0.012)), config), Middle);
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
    public void SetTimesteps(int numInferenceSteps) => run.Lay(numInferenceSteps);

    /// <inheritdoc/>
    public Tensor ScaleModelInput(Tensor sample, int step) => run.ScaleModelInput(sample, step);

    /// <inheritdoc/>
    public Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise)
    {
        using var scope = NewDisposeScope();
        if (run.Start.Count == 0)
        {
            var (sigma, next) = (run.Sigmas[step], run.Sigmas[step + 1]);
            var original = prediction.OriginalSample(modelOutput, sample, sigma);
            if (next == 0)
            {
                return (sample + ((sample - original) / sigma * -sigma)).MoveToOuterDisposeScope();
            }

            run.Start.Add(sample);
            return Advance(sample, original, sigma, Middle(sigma, next)).MoveToOuterDisposeScope();
        }

        var (from, to) = (run.Sigmas[step - 1], run.Sigmas[step]);
        var previous = Advance(run.Start[0], prediction.OriginalSample(modelOutput, sample, Middle(from, to)), from, to);
        run.Start.Clear();
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
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => run.AddNoise(originalSamples, noise, step);

    /// <inheritdoc/>
    public void Dispose() => run.Dispose();

    /// <summary>Halfway between two σ in their logarithm.</summary>
    private static double Middle(float from, float to) => Math.Sqrt((double)from * to);
}
