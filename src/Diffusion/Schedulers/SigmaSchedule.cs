using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>The noise levels σ of a run, highest first with the final one behind them, and the times at which the network is asked.</summary>
internal sealed record SigmaSchedule(double[] Timesteps, float[] Sigmas)
{
    public static SigmaSchedule Empty { get; } = new([], []);

    /// <summary>Standard deviation of the first sample. "leading" starts below the last training step, where the picture still shows.</summary>
    public double InitNoiseSigma(string timestepSpacing) =>
        Sigmas.Length == 0 ? 0 : timestepSpacing == "leading" ? MathF.Sqrt((Sigmas.Max() * Sigmas.Max()) + 1) : Sigmas.Max();

    /// <inheritdoc cref="IScheduler.ScaleModelInput"/>
    public Tensor ScaleModelInput(Tensor sample, int step) => ScaleModelInput(sample, (double)Sigmas[step]);

    /// <summary>A sample x₀ + σ·ε with the variance that the network knows from training, one.</summary>
    public static Tensor ScaleModelInput(Tensor sample, double sigma) => sample / Math.Sqrt((sigma * sigma) + 1);

    /// <inheritdoc cref="IScheduler.AddNoise"/>
    public Tensor AddNoise(Tensor originalSamples, Tensor noise, int step)
    {
        using var scope = NewDisposeScope();
        return (originalSamples + (noise * Sigmas[step])).MoveToOuterDisposeScope();
    }

    /// <summary>The network asked once more within each step but the last, at a time of <paramref name="between"/>; σ of each step's
    /// second half is that of its end, as diffusers lists them.</summary>
    /// <param name="between">For each step but the last.</param>
    public SigmaSchedule InHalves(IEnumerable<double> between) => new(
        [Timesteps[0], .. between.Zip(Timesteps.Skip(1), (middle, end) => new[] { middle, end }).SelectMany(pair => pair)],
        [Sigmas[0], .. Sigmas[1..^1].SelectMany(sigma => new[] { sigma, sigma }), Sigmas[^1]]);
}
