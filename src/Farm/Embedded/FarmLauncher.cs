using System.Diagnostics;
using System.Globalization;

namespace StableDiffusion.Farm.Embedded;

/// <summary>Starts <c>./farm up</c> in the background, and ends it.</summary>
internal static class FarmLauncher
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(90);

    /// <summary>Starts this program's <c>up</c> in a session of its own, so that it outlives the terminal; gives its process.</summary>
    public static async Task<Process> StartAsync(DataFolder data, CancellationToken cancellationToken)
    {
        string program = Environment.ProcessPath!;
        string[] farm = Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, typeof(FarmLauncher).Assembly.Location, "up"]
            : [program, "up"];
        if (File.Exists(data.Log))
        {
            File.Move(data.Log, data.Log + ".1", overwrite: true);
        }

        string pid = await ShellAsync("setsid \"$@\" >>\"$0\" 2>&1 </dev/null & echo $!", [data.Log, .. farm], cancellationToken);
        return Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture));
    }

    /// <summary>Asks the farm of a data folder to end and waits for it; false when none runs. A database left by a killed farm ends too.</summary>
    public static async Task<bool> StopAsync(DataFolder data, CancellationToken cancellationToken)
    {
        bool ran = false;
        var waited = Stopwatch.StartNew();
        while (true)
        {
            using (FarmLock? free = FarmLock.TryTake(data))
            {
                if (free is not null)
                {
                    await EmbeddedPostgres.StopAsync(data, cancellationToken);
                    File.Delete(data.Record);
                    return ran;
                }
            }

            if (!ran && FarmRecord.Find(data) is { } record)
            {
                ran = true;
                await ShellAsync("kill -TERM \"$0\" 2>/dev/null || true", [record.Pid.ToString(CultureInfo.InvariantCulture)], cancellationToken);
            }

            if (waited.Elapsed > LongestStop)
            {
                throw new FarmException($"the farm did not end within {LongestStop.TotalSeconds:0} s; its log is {data.Log}");
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static async Task<string> ShellAsync(string script, string[] arguments, CancellationToken cancellationToken)
    {
        using Process shell = Process.Start(new ProcessStartInfo("sh", ["-c", script, .. arguments]) { RedirectStandardOutput = true })!;
        string printed = await shell.StandardOutput.ReadToEndAsync(cancellationToken);
        await shell.WaitForExitAsync(cancellationToken);
        return printed.Trim();
    }
}
