using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>DPM-Solver-2: the step is taken along the slope at the geometric middle of its σ (Karras et al. 2022, algorithm 2, with the
/// middle of Lu et al. 2022, algorithm 1; k-diffusion's <c>sample_dpm_2</c>; diffusers' KDPM2DiscreteScheduler).</summary>
public sealed class KDPM2DiscreteScheduler : ISigmaScheduler
{
    private readonly MidpointRun run;
    private readonly PredictionType prediction;

    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that diffusers does not know either.</exception>
    public KDPM2DiscreteScheduler(SchedulerConfig config)
    {
        run = new MidpointRun(new SigmaSpacing(new SigmaTable(NoiseSchedule.Read(config, 0.00085, 0.012)), config) { WholeKarrasTimes = true }, Middle);
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
            return (sample + (Slope(from) * (Middle(from, run.Sigmas[step + 1]) - from))).MoveToOuterDisposeScope();
        }

        var (sigma, next) = (run.Sigmas[step - 1], run.Sigmas[step]);
        var previous = run.Start[0] + (Slope(Middle(sigma, next)) * (next - sigma));
        run.Start.Clear();
        return previous.MoveToOuterDisposeScope();

        Tensor Slope(double at) => (sample - prediction.OriginalSample(modelOutput, sample, at)) / at;
    }

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => run.AddNoise(originalSamples, noise, step);

    /// <inheritdoc/>
    public void Dispose() => run.Dispose();

    /// <summary>Halfway between two σ in their logarithm; 0 where the second is.</summary>
    private static double Middle(float from, float to) => Math.Sqrt((double)from * to);
}
