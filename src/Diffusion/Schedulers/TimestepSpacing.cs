namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>Which of the training's time steps a run visits, latest first (Lin et al. 2024, table 2). Rounding is numpy's, half to even.</summary>
internal static class TimestepSpacing
{
    public static string Read(SchedulerConfig config, string otherwise) =>
        config.Choice("timestep_spacing", otherwise, "linspace", "leading", "trailing");

    /// <param name="spacing">"linspace": evenly from end to end, fractions kept; "leading": multiples of a whole stride plus the
    /// offset; "trailing": counted back from the end.</param>
    /// <param name="trainSteps">Time steps in training.</param>
    /// <param name="steps">Time steps of the run.</param>
    /// <param name="offset">Added by "leading" alone.</param>
    public static double[] Lay(string spacing, int trainSteps, int steps, int offset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, trainSteps);
        double stride = (double)trainSteps / steps;
        double back = trainSteps - stride - trainSteps; // as numpy's arange steps, rounding included
        return [.. Enumerable.Range(0, steps).Select(i => spacing switch
        {
            "linspace" => Linspace(0, trainSteps - 1, steps, steps - 1 - i),
            "leading" => ((steps - 1 - i) * (trainSteps / steps)) + offset,
            _ => Math.Round(trainSteps + (i * back)) - 1,
        })];
    }

    /// <summary>numpy.linspace(start, end, count)[i].</summary>
    public static double Linspace(double start, double end, int count, int i)
    {
        if (count == 1)
        {
            return start;
        }

        return i == count - 1 ? end : (i * ((end - start) / (count - 1))) + start;
    }
}
