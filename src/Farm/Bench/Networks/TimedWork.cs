using System.Diagnostics;

namespace StableDiffusion.Farm.Bench.Networks;

/// <summary>A piece of work on a device, timed again and again over the rounds of a measurement.</summary>
/// <param name="Name">What it is, for the table.</param>
/// <param name="Gflop">Multiplications and additions of one run, in billions.</param>
/// <param name="Run">Asks for it; on a GPU it may still be under way when this returns.</param>
/// <param name="Wait">Waits until the device has done all that was asked.</param>
internal sealed record TimedWork(string Name, double Gflop, Action Run, Action Wait)
{
    /// <summary>What is quicker is repeated until it takes this long.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(0.25);

    private readonly List<double> _rates = [];
    private readonly List<double> _ratios = [];
    private int _repeats = 1;

    /// <summary>GFLOP/s, the rounds' median.</summary>
    public double Rate => Median(_rates);

    /// <summary>The rate over that of the yardstick just before it, the rounds' median.</summary>
    public double Ratio => Median(_ratios);

    /// <summary>Seconds of one run, the rounds' median.</summary>
    public double Seconds => Gflop / Rate;

    /// <summary>A first run, which counts for nothing, and a second that tells how often to repeat.</summary>
    public void WarmUp()
    {
        Time();
        _repeats = Math.Max(1, (int)(Least.TotalSeconds / Time()));
    }

    /// <summary>One round's measurement, right after one of the yardstick's, so that both meet the machine in the same state.</summary>
    public void Measure(TimedWork yardstick)
    {
        double standard = yardstick.Gflop / yardstick.Time();
        double rate = Gflop / Time();
        _rates.Add(rate);
        _ratios.Add(rate / standard);
    }

    /// <summary>Seconds of one run.</summary>
    private double Time()
    {
        long start = Stopwatch.GetTimestamp();
        for (int repeat = 0; repeat < _repeats; repeat++)
        {
            Run();
        }

        Wait();
        return Stopwatch.GetElapsedTime(start).TotalSeconds / _repeats;
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
