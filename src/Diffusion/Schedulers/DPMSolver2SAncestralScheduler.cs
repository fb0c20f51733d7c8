using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver++ (2S) to below the next σ, and noise back up to it: A1111's "DPM++ 2S a" (Lu et al. 2022b, algorithm 1, with r = ½;
/// k-diffusion's <c>sample_dpmpp_2s_ancestral</c>). diffusers has no such class; the config is that of its
/// KDPM2AncestralDiscreteScheduler.</summary>
public sealed class DPMSolver2SAncestralScheduler : ISigmaScheduler
{
    private readonly MidpointRun run;
    private readonly PredictionType prediction;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that is not known.</exception>
    public DPMSolver2SAncestralScheduler(SchedulerConfig config)
    {
        run = new MidpointRun(new SigmaSpacing(new SigmaTable(NoiseSchedule.Read(config, 0.00085, 0.012)), config), AncestralStep.Middle);
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
            var (from, to) = (run.Sigmas[step], run.Sigmas[step + 1]);
            run.Start.Add(sample);
            return Advance(from, from, AncestralStep.Middle(from, to)).MoveToOuterDisposeScope(); // to 0 at the end, which is Euler's step
        }

        var (sigma, next) = (run.Sigmas[step - 1], run.Sigmas[step]);
        var ancestral = AncestralStep.Between(sigma, next);
        var previous = Advance(AncestralStep.Middle(sigma, next), sigma, ancestral.Down) + (noise.Draw(sample.shape, sample.device) * ancestral.Up);
        run.Start.Clear();
        return previous.MoveToOuterDisposeScope();

        // from the step's start, the equation solved for the x₀ that the network sees at a σ
        Tensor Advance(double at, double from, double to) =>
            (run.Start[0] * (to / from)) + (prediction.OriginalSample(modelOutput, sample, at) * (1 - (to / from)));
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => run.AddNoise(originalSamples, noise, step);

    /// <inheritdoc/>
    public void Dispose() => run.Dispose();
}
