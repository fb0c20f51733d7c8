namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>The noise levels σ of a run, highest first with the final one behind them, and the times at which the network is asked.</summary>
internal sealed record SigmaSchedule(double[] Timesteps, float[] Sigmas)
{
    public static SigmaSchedule Empty { get; } = new([], []);

    /// <summary>Standard deviation of the first sample. "leading" starts below the last training step, where the picture still shows.</summary>
    public double InitNoiseSigma(string timestepSpacing) =>
        Sigmas.Length == 0 ? 0 : timestepSpacing == "leading" ? MathF.Sqrt((Sigmas.Max() * Sigmas.Max()) + 1) : Sigmas.Max();
}
