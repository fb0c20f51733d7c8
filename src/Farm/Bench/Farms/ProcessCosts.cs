using System.Diagnostics;
using System.Globalization;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>What a process takes of the machine, and what all together take.</summary>
/// <param name="Id">The process.</param>
internal readonly record struct ProcessCosts(int Id)
{
    /// <summary>Memory in use, in MiB.</summary>
    public double Mebibytes
    {
        get
        {
            using var process = Process.GetProcessById(Id);
            return process.WorkingSet64 / (double)(1 << 20);
        }
    }

    /// <summary>Cores that the process, and all of the machine, kept busy for a time.</summary>
    public async Task<(double Process, double Machine)> CoresAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var (process, machine, clock) = (Time(Id), BusyJiffies(), Stopwatch.StartNew());
        await Task.Delay(time, cancellationToken);
        var seconds = clock.Elapsed.TotalSeconds;
        return ((Time(Id) - process).TotalSeconds / seconds, (BusyJiffies() - machine) / 100.0 / seconds);
    }

    private static TimeSpan Time(int id)
    {
        using var process = Process.GetProcessById(id);
        return process.TotalProcessorTime;
    }

    /// <summary>Of Linux: hundredths of a second that cores were neither idle nor waiting.</summary>
    private static long BusyJiffies()
    {
        var times = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..].Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return times.Take(8).Sum() - times[3] - times[4];
    }
}
