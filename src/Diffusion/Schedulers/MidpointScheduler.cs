using static TorchSharp.torch;

// the names are diffusers'; that Visual Basic keeps "Step" for itself does not matter here
#pragma warning disable CA1716
// no sampler has a finalizer that Dispose would have to stop
#pragma warning disable CA1816

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>A method that goes each step in two halves, with the network asked at a σ between: where it is, and what it holds in
/// between.</summary>
public abstract class MidpointScheduler : ISigmaScheduler
{
    private readonly SigmaSpacing spacing;
    private readonly Func<float, float, double> middle;
    private readonly int zeros;
    private SigmaSchedule halves = SigmaSchedule.Empty;

    /// <param name="config">The scheduler's.</param>
    /// <param name="middle">The σ between those of two whole steps.</param>
    /// <param name="wholeKarrasTimes">See <see cref="SigmaSpacing.WholeKarrasTimes"/>.</param>
    /// <param name="zeros">How many more zeros are listed behind the last σ.</param>
    /// <exception cref="Networks.Configs.UnsupportedConfigException">A value that is not known.</exception>
    private protected MidpointScheduler(SchedulerConfig config, Func<float, float, double> middle, bool wholeKarrasTimes = false, int zeros = 0)
    {
        spacing = new SigmaSpacing(new SigmaTable(NoiseSchedule.Read(config, 0.00085, 0.012)), config) { WholeKarrasTimes = wholeKarrasTimes };
        Prediction = Predictions.Read(config, sample: false);
        (this.middle, this.zeros) = (middle, zeros);
    }

    /// <summary>The times of both halves of each step.</summary>
    public IReadOnlyList<double> Timesteps => halves.Timesteps;

    /// <summary>σ, one for each half.</summary>
    public IReadOnlyList<float> Sigmas => halves.Sigmas;

    /// <inheritdoc/>
    public int Order => 2;

    /// <inheritdoc/>
    public double InitNoiseSigma => halves.InitNoiseSigma(spacing.TimestepSpacing);

    /// <summary>What the network predicts.</summary>
    private protected PredictionType Prediction { get; }

    /// <summary>The sample that a step began with, while its second half is next; else nothing.</summary>
    private protected TensorHistory Start { get; } = new(1);

    /// <inheritdoc/>
    public void SetTimesteps(int numInferenceSteps)
    {
        Start.Clear();
        var steps = spacing.Lay(numInferenceSteps);
        halves = steps.InHalves(steps.Sigmas.Zip(steps.Sigmas.Skip(1), middle).SkipLast(1).Select(sigma => spacing.Table.TimeOf(sigma)));
        halves = halves with { Sigmas = [.. halves.Sigmas, .. new float[zeros]] };
    }

    /// <inheritdoc/>
    public Tensor ScaleModelInput(Tensor sample, int step)
    {
        double sigma = Start.Count == 0 ? Sigmas[step] : middle(Sigmas[step - 1], Sigmas[step]);
        return SigmaSchedule.ScaleModelInput(sample, sigma);
    }

    /// <inheritdoc/>
    public abstract Tensor Step(Tensor modelOutput, int step, Tensor sample, StepOptions options, NoiseSource noise);

    /// <inheritdoc/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => halves.AddNoise(originalSamples, noise, step);

    /// <inheritdoc/>
    public void Dispose() => Start.Dispose();

    /// <summary>Halfway between two σ in their logarithm; 0 where the second is.</summary>
    private protected static double GeometricMiddle(float from, float to) => Math.Sqrt((double)from * to);
}
