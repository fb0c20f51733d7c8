namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Lays σ out for the solvers of the diffusion equation in log-SNR (DPM-Solver, DEIS, UniPC): at whole time steps of which one
/// more is laid out than there are steps, or along a curve over the whole training range. In double precision from single-precision ends.</summary>
internal sealed class SolverSpacing
{
    private readonly SigmaTable table;
    private readonly string spacing;
    private readonly int stepsOffset, lastTimestep;
    private readonly SigmaCurve curve;
    private readonly double low, high;

    /// <param name="table">σ in training.</param>
    /// <param name="config">Reads timestep_spacing, steps_offset, lambda_min_clipped, sigma_min, sigma_max and the curves.</param>
    /// <param name="curve">Which curve, as the class reads it.</param>
    /// <param name="spacings">Whether the class has timestep_spacing; else it is "linspace".</param>
    public SolverSpacing(SigmaTable table, SchedulerConfig config, SigmaCurve curve, bool spacings = true)
    {
        (this.table, this.curve) = (table, curve);
        spacing = spacings ? TimestepSpacing.Read(config, "linspace") : "linspace";
        stepsOffset = spacings ? config.Whole("steps_offset", 0, least: 0) : 0;
        (low, high) = (config.OptionalNumber("sigma_min") ?? table.Lowest, config.OptionalNumber("sigma_max") ?? table.Highest);

        // steps are left out where less than this is left of the picture: λ = log(α/σ), which β by cosine lets fall without end
        double leastLambda = config.Number("lambda_min_clipped", double.NegativeInfinity);
        lastTimestep = Enumerable.Range(0, table.Count).Count(time => -Math.Log(table.At(time)) >= leastLambda);
        if (lastTimestep == 0)
        {
            throw config.Unsupported("lambda_min_clipped", "a number that leaves some of the training's time steps");
        }
    }

    /// <summary>σ behind the last step; null is the last step's own.</summary>
    public required float? FinalSigma { get; init; }

    /// <summary>Times of Karras' and Lu's curves are rounded; where not, they are cut like the others.</summary>
    public bool RoundsTimes { get; init; } = true;

    public SigmaSchedule Lay(int steps)
    {
        double[] timesteps = TimestepSpacing.LayForSolver(spacing, table.Count, lastTimestep, steps, stepsOffset);
        double[] sigmas = [.. timesteps.Select(table.At)];
        if (curve != SigmaCurve.None)
        {
            bool round = RoundsTimes && curve is SigmaCurve.Karras or SigmaCurve.Lu;
            sigmas = curve.Lay(low, high, steps);
            timesteps = [.. sigmas.Select(table.TimeOf).Select(t => round ? Math.Round(t) : Math.Truncate(t))];
        }

        return new SigmaSchedule(timesteps, [.. sigmas.Select(sigma => (float)sigma), FinalSigma ?? (float)sigmas[^1]]);
    }
}
