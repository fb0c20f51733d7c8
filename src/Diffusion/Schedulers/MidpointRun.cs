using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>The run of a method that goes each step in two halves, with the network asked at a σ between: where it is, and what it holds in
/// between.</summary>
/// <param name="spacing">Lays the whole steps.</param>
/// <param name="middle">The σ between two.</param>
internal sealed class MidpointRun(SigmaSpacing spacing, Func<float, float, double> middle) : IDisposable
{
    private SigmaSchedule halves = SigmaSchedule.Empty;

    /// <summary>The times of both halves of each step.</summary>
    public IReadOnlyList<double> Timesteps => halves.Timesteps;

    /// <summary>σ, one for each half.</summary>
    public IReadOnlyList<float> Sigmas => halves.Sigmas;

    /// <inheritdoc cref="IScheduler.InitNoiseSigma"/>
    public double InitNoiseSigma => halves.InitNoiseSigma(spacing.TimestepSpacing);

    /// <summary>The sample that a step began with, while its second half is next; else nothing.</summary>
    public TensorHistory Start { get; } = new(1);

    /// <param name="numInferenceSteps">Whole steps.</param>
    /// <param name="zeros">How many more zeros are listed behind the last σ.</param>
    public void Lay(int numInferenceSteps, int zeros = 0)
    {
        Start.Clear();
        var steps = spacing.Lay(numInferenceSteps);
        halves = steps.InHalves(steps.Sigmas.Zip(steps.Sigmas.Skip(1), middle).SkipLast(1).Select(sigma => spacing.Table.TimeOf(sigma)));
        halves = halves with { Sigmas = [.. halves.Sigmas, .. new float[zeros]] };
    }

    /// <inheritdoc cref="IScheduler.ScaleModelInput"/>
    public Tensor ScaleModelInput(Tensor sample, int step)
    {
        double sigma = Start.Count == 0 ? Sigmas[step] : middle(Sigmas[step - 1], Sigmas[step]);
        return SigmaSchedule.ScaleModelInput(sample, sigma);
    }

    /// <inheritdoc cref="IScheduler.AddNoise"/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step) => halves.AddNoise(originalSamples, noise, step);

    public void Dispose() => Start.Dispose();
}
