namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Lays σ out as diffusers' σ-schedulers do: read off the training schedule at the spaced time steps, or along one of
/// three curves between its ends. In double precision from single-precision ends.</summary>
internal sealed class SigmaSpacing
{
    private static readonly string[] Curves = ["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"];

    private readonly NoiseSchedule schedule;
    private readonly float[] trainSigmas;
    private readonly float[] logSigmas;
    private readonly int stepsOffset;
    private readonly string? curve;

    public SigmaSpacing(NoiseSchedule schedule, float[] trainSigmas, SchedulerConfig config)
    {
        this.schedule = schedule;
        this.trainSigmas = trainSigmas;
        logSigmas = [.. trainSigmas.Select(sigma => MathF.Log(sigma))];
        TimestepSpacing = Schedulers.TimestepSpacing.Read(config, "linspace");
        stepsOffset = config.Whole("steps_offset", 0, least: 0);
        string[] curves = [.. Curves.Where(name => config.Flag(name, false))];
        curve = curves.Length > 1 ? throw config.Unsupported(curves[1], $"false where {curves[0]} is true") : curves.FirstOrDefault();
    }

    public string TimestepSpacing { get; }

    /// <summary>Ends of the curves that a config sets in place of the schedule's own.</summary>
    public double? SigmaMin { get; init; }

    /// <inheritdoc cref="SigmaMin"/>
    public double? SigmaMax { get; init; }

    /// <summary>σ evenly in its logarithm over the whole training range, one more than there are steps.</summary>
    public bool LogLinear { get; init; }

    /// <summary>σ behind the last step.</summary>
    public float FinalSigma { get; init; }

    public SigmaSchedule Lay(int steps)
    {
        double[] timesteps = Schedulers.TimestepSpacing.Lay(TimestepSpacing, schedule.NumTrainTimesteps, steps, stepsOffset);
        timesteps = [.. timesteps.Select(t => (double)(float)t)];
        double[] sigmas = LogLinear
            ? [.. Enumerable.Range(0, steps + 1).Select(i => Math.Exp(Schedulers.TimestepSpacing.Linspace(logSigmas[^1], logSigmas[0], steps + 1, i)))]
            : [.. timesteps.Select(SigmaAt)];
        if (curve is not null)
        {
            double low = SigmaMin ?? sigmas[^1], high = SigmaMax ?? sigmas[0];
            sigmas = curve switch
            {
                "use_karras_sigmas" => Karras(low, high, steps),
                "use_exponential_sigmas" => Exponential(low, high, steps),
                _ => Beta(low, high, steps),
            };
            timesteps = [.. sigmas.Select(TimeAt).Select(t => (double)(float)t)];
        }

        return new SigmaSchedule(timesteps, [.. sigmas.Select(sigma => (float)sigma), FinalSigma]);
    }

    /// <summary>ρ = 7 (Karras et al. 2022, equation 5).</summary>
    private static double[] Karras(double low, double high, int steps)
    {
        const double Rho = 7;
        double from = Math.Pow(high, 1 / Rho), to = Math.Pow(low, 1 / Rho);
        return [.. Enumerable.Range(0, steps).Select(i => Math.Pow(from + (Schedulers.TimestepSpacing.Linspace(0, 1, steps, i) * (to - from)), Rho))];
    }

    private static double[] Exponential(double low, double high, int steps) =>
        [.. Enumerable.Range(0, steps).Select(i => Math.Exp(Schedulers.TimestepSpacing.Linspace(Math.Log(high), Math.Log(low), steps, i)))];

    /// <summary>Quantiles of a beta distribution, α = β = 0.6 (Lee et al. 2024, "Beta Sampling is All You Need").</summary>
    private static double[] Beta(double low, double high, int steps) =>
        [.. Enumerable.Range(0, steps).Select(i =>
            low + (BetaDistribution.Quantile(1 - Schedulers.TimestepSpacing.Linspace(0, 1, steps, i), 0.6, 0.6) * (high - low)))];

    /// <summary>The training's σ at a fractional time, linear between whole ones and held at the ends.</summary>
    private double SigmaAt(double time)
    {
        int below = Math.Clamp((int)Math.Floor(time), 0, trainSigmas.Length - 1), above = Math.Min(below + 1, trainSigmas.Length - 1);
        return trainSigmas[below] + (Math.Clamp(time - below, 0, 1) * ((double)trainSigmas[above] - trainSigmas[below]));
    }

    /// <summary>The fractional time of a σ, linear in log σ.</summary>
    private double TimeAt(double sigma)
    {
        double log = Math.Log(Math.Max(sigma, 1e-10));
        int found = Array.FindLastIndex(logSigmas, known => known <= log);
        int below = Math.Clamp(found, 0, Math.Max(logSigmas.Length - 2, 0)), above = Math.Min(below + 1, logSigmas.Length - 1);
        double weight = Math.Clamp((logSigmas[below] - log) / (logSigmas[below] - logSigmas[above]), 0, 1);
        return ((1 - weight) * below) + (weight * above);
    }
}
