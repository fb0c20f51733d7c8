using System.Diagnostics;
using System.Globalization;

namespace StableDiffusion.Farm.Embedded;

/// <summary>Starts <c>./farm up</c> in the background, and ends it.</summary>
internal static class FarmLauncher
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(45); // longer than the farm gives itself, see EmbeddedFarm
    private static readonly TimeSpan LongestKill = TimeSpan.FromSeconds(10);

    /// <summary>Starts this program's <c>up</c> in a session of its own, so that it outlives the terminal; gives its process.</summary>
    public static Process Start(DataFolder data)
    {
        string program = Environment.ProcessPath!;
        string[] farm = Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, typeof(FarmLauncher).Assembly.Location, "up"]
            : [program, "up"];
        return Process.Start(new ProcessStartInfo("sh", ["-c", "exec setsid \"$@\" >>\"$0\" 2>&1 </dev/null", data.Log, .. farm])
        {
            // pipes that the shell lets go of; with none, this process would think that the other uses its terminal
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    /// <summary>Asks the farm of a data folder to end and waits for it; false when none runs. One that does not end is killed. A database left by a killed farm ends too.</summary>
    public static async Task<bool> StopAsync(DataFolder data, CancellationToken cancellationToken)
    {
        FarmRecord? asked = null;
        bool killed = false;
        var waited = Stopwatch.StartNew();
        while (true)
        {
            using (FarmLock? free = FarmLock.TryTake(data))
            {
                if (free is not null)
                {
                    await EmbeddedPostgres.StopAsync(data, cancellationToken);
                    File.Delete(data.Record);
                    return asked is not null;
                }
            }

            if (asked is null && FarmRecord.Find(data) is { } record)
            {
                asked = record;
                await SignalAsync(record, "TERM", cancellationToken);
            }

            if (waited.Elapsed > LongestStop + LongestKill)
            {
                throw new FarmException($"the farm did not end within {waited.Elapsed.TotalSeconds:0} s; its log is {data.Log}");
            }

            if (asked is not null && !killed && waited.Elapsed > LongestStop)
            {
                killed = true; // nothing is lost: what it has accepted, the next one finishes
                await SignalAsync(asked, "KILL", cancellationToken);
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static async Task SignalAsync(FarmRecord farm, string signal, CancellationToken cancellationToken)
    {
        string pid = farm.Pid.ToString(CultureInfo.InvariantCulture);
        using Process kill = Process.Start("sh", ["-c", "kill -s \"$0\" \"$1\" 2>/dev/null", signal, pid]);
        await kill.WaitForExitAsync(cancellationToken);
    }
}
