namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Lays σ out for the methods that step in σ itself, as k-diffusion does: read off the training schedule at the spaced time
/// steps, or along a curve between its ends there. Times may be fractional. In double precision from single-precision ends.</summary>
internal sealed class SigmaSpacing
{
    private readonly int stepsOffset;
    private readonly SigmaCurve curve;
    private readonly double? sigmaMin, sigmaMax; // ends of the curve that a config sets in place of the schedule's

    /// <param name="table">σ in training.</param>
    /// <param name="config">Reads timestep_spacing, steps_offset, sigma_min, sigma_max and, where the method takes them, the curves.</param>
    /// <param name="curves">Whether the method takes curves.</param>
    public SigmaSpacing(SigmaTable table, SchedulerConfig config, bool curves = true)
    {
        Table = table;
        TimestepSpacing = Schedulers.TimestepSpacing.Read(config, "linspace");
        stepsOffset = config.Whole("steps_offset", 0, least: 0);
        curve = curves ? SigmaCurves.Read(config) : SigmaCurve.None;
        (sigmaMin, sigmaMax) = (config.OptionalNumber("sigma_min"), config.OptionalNumber("sigma_max"));
    }

    public SigmaTable Table { get; }

    public string TimestepSpacing { get; }

    /// <summary>σ evenly in its logarithm over the whole training range, one more than there are steps.</summary>
    public bool LogLinear { get; init; }

    /// <summary>Times of a Karras curve are rounded to whole ones.</summary>
    public bool WholeKarrasTimes { get; init; }

    /// <summary>σ behind the last step.</summary>
    public float FinalSigma { get; init; }

    public SigmaSchedule Lay(int steps)
    {
        double[] timesteps = Schedulers.TimestepSpacing.Lay(TimestepSpacing, Table.Count, steps, stepsOffset);
        timesteps = [.. timesteps.Select(t => (double)(float)t)];
        double[] sigmas = LogLinear ? Table.LogLinear(steps + 1) : [.. timesteps.Select(Table.At)];
        if (curve != SigmaCurve.None)
        {
            sigmas = curve.Lay(sigmaMin ?? sigmas[^1], sigmaMax ?? sigmas[0], steps);
            timesteps = [.. sigmas.Select(Table.TimeOf).Select(t => WholeKarrasTimes && curve == SigmaCurve.Karras ? Math.Round(t) : (float)t)];
        }

        return new SigmaSchedule(timesteps, [.. sigmas.Select(sigma => (float)sigma), FinalSigma]);
    }
}
