namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>How σ is laid out between its ends where it does not follow the time steps.</summary>
internal enum SigmaCurve
{
    /// <summary>It follows the time steps.</summary>
    None,

    /// <summary>Evenly in σ^(1/7) (Karras et al. 2022, equation 5).</summary>
    Karras,

    /// <summary>Evenly in log σ.</summary>
    Exponential,

    /// <summary>Quantiles of a beta distribution, α = β = 0.6 (Lee et al. 2024, "Beta Sampling is All You Need").</summary>
    Beta,

    /// <summary>Evenly in the log of the signal-to-noise ratio (Lu et al. 2022), which is evenly in log σ.</summary>
    Lu,
}

internal static class SigmaCurves
{
    private static readonly (string Field, SigmaCurve Curve)[] Fields =
    [
        ("use_karras_sigmas", SigmaCurve.Karras),
        ("use_exponential_sigmas", SigmaCurve.Exponential),
        ("use_beta_sigmas", SigmaCurve.Beta),
    ];

    /// <summary>The curve whose flag a config sets.</summary>
    /// <exception cref="Networks.Configs.UnsupportedConfigException">It sets two.</exception>
    public static SigmaCurve Read(SchedulerConfig config)
    {
        var set = Fields.Where(known => config.Flag(known.Field, false)).ToArray();
        return set.Length > 1 ? throw config.Unsupported(set[1].Field, $"false where {set[0].Field} is true") : set.FirstOrDefault().Curve;
    }

    /// <summary>σ from <paramref name="high"/> to <paramref name="low"/>.</summary>
    public static double[] Lay(this SigmaCurve curve, double low, double high, int steps)
    {
        const double Rho = 7;
        double from = Math.Pow(high, 1 / Rho), to = Math.Pow(low, 1 / Rho);
        return [.. Enumerable.Range(0, steps).Select(i => curve switch
        {
            SigmaCurve.Karras => Math.Pow(from + (TimestepSpacing.Linspace(0, 1, steps, i) * (to - from)), Rho),
            SigmaCurve.Beta => low + (BetaDistribution.Quantile(1 - TimestepSpacing.Linspace(0, 1, steps, i), 0.6, 0.6) * (high - low)),
            _ => Math.Exp(TimestepSpacing.Linspace(Math.Log(high), Math.Log(low), steps, i)),
        })];
    }
}
