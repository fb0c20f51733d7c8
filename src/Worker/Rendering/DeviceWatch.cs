using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Rendering;

/// <summary>
/// Ends a process whose device hangs: its heart would beat on, and what it has in hand would never end. Nothing else helps, since a call of
/// a driver cannot be taken back. What watches over the process starts another; its images are drawn elsewhere, and count the loss.
/// </summary>
/// <param name="renderer">Whose device.</param>
/// <param name="options">How long it may stand still.</param>
/// <param name="time">What that is measured by.</param>
/// <param name="logger">Takes the last words.</param>
/// <param name="end">Ends the process; by default at once, as a signal does that cannot be caught.</param>
public sealed partial class DeviceWatch(IRenderer renderer, IOptions<WorkerOptions> options, TimeProvider time, ILogger<DeviceWatch> logger, Action? end = null)
{
    private static readonly TimeSpan MostBetweenLooks = TimeSpan.FromSeconds(30);
    private readonly Action end = end ?? Process.GetCurrentProcess().Kill;
    private long looked = time.GetTimestamp();
    private long? pulse;
    private TimeSpan still;

    /// <summary>To be called every few seconds. Time that nobody looks in for long is not counted: then the process itself was frozen.</summary>
    public void Look()
    {
        var now = time.GetTimestamp();
        var passed = time.GetElapsedTime(looked, now);
        var before = pulse;
        (looked, pulse) = (now, renderer.Pulse);
        still = pulse is null || pulse != before ? TimeSpan.Zero : still + (passed < MostBetweenLooks ? passed : MostBetweenLooks);
        if (options.Value.StuckAfter > TimeSpan.Zero && still >= options.Value.StuckAfter)
        {
            LogStuck(renderer.Device, still);
            end();
        }
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "{Device} has been at one step for {Still} (Worker:StuckAfter) and is taken to hang: this process ends, so that another can begin and its images are drawn elsewhere")]
    private partial void LogStuck(string device, TimeSpan still);
}
