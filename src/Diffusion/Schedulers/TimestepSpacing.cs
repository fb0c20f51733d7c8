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
        Check(steps, trainSteps);
        return [.. Enumerable.Range(0, steps).Select(i => spacing switch
        {
            "linspace" => Linspace(0, trainSteps - 1, steps, steps - 1 - i),
            "leading" => ((steps - 1 - i) * (trainSteps / steps)) + offset,
            _ => Trailing(trainSteps, (double)trainSteps / steps, i),
        })];
    }

    /// <summary>The same at whole times, for methods that look ᾱ up there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The offset leads behind the last training step.</exception>
    public static double[] LayWhole(string spacing, int trainSteps, int steps, int offset)
    {
        double[] laid = [.. Lay(spacing, trainSteps, steps, offset).Select(time => Math.Round(time))];
        return laid[0] < trainSteps ? laid : throw new ArgumentOutOfRangeException(
            nameof(steps), steps, $"With steps_offset {offset} so many steps begin at time {laid[0]}, behind the schedule's {trainSteps}; take fewer.");
    }

    /// <summary>Whole times as the solvers of high order lay them: one more than there are steps, the lowest left out.</summary>
    /// <param name="spacing">As in <see cref="Lay"/>.</param>
    /// <param name="trainSteps">Time steps in training.</param>
    /// <param name="lastTimestep">How many of them may be visited.</param>
    /// <param name="steps">Time steps of the run; "trailing" has fewer where not all training steps may be visited.</param>
    /// <param name="offset">Added by "leading" alone.</param>
    public static double[] LayForSolver(string spacing, int trainSteps, int lastTimestep, int steps, int offset)
    {
        Check(steps, trainSteps);
        if (spacing == "trailing")
        {
            double stride = (double)trainSteps / steps;
            int count = Math.Min(steps, (int)Math.Ceiling(lastTimestep / stride));
            return [.. Enumerable.Range(0, count).Select(i => Trailing(lastTimestep, stride, i))];
        }

        int whole = lastTimestep / (steps + 1);
        if (spacing == "leading" && whole == 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(steps), steps, $"With timestep_spacing \"leading\" this method needs a time step more than there are steps, and {lastTimestep} are there; take fewer.");
        }

        return [.. Enumerable.Range(0, steps).Select(i => spacing == "linspace"
            ? Math.Round(Linspace(0, lastTimestep - 1, steps + 1, steps - i))
            : ((steps - i) * whole) + offset)];
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

    private static double Trailing(int from, double stride, int i)
    {
        double back = from - stride - from; // as numpy's arange steps, rounding included
        return Math.Round(from + (i * back)) - 1;
    }

    private static void Check(int steps, int trainSteps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(steps, trainSteps);
    }
}
