using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace StableDiffusion.Coordinator.Health;

/// <summary>How the farm's parts are, looked up once a second at most and one look at a time, however many ask: anybody may.</summary>
internal sealed class RecentReport(HealthCheckService checks, TimeProvider time, Func<string, bool> asked)
{
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private Task<HealthReport>? last;
    private long began;

    /// <summary>The report that is at hand, or comes.</summary>
    public Task<HealthReport> ReadAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (last is null || (last.IsCompleted && time.GetElapsedTime(began) >= GoodFor))
            {
                began = time.GetTimestamp();
                last = checks.CheckHealthAsync(check => asked(check.Name), CancellationToken.None); // others wait for it, too
            }

            return last.WaitAsync(cancellationToken);
        }
    }
}
