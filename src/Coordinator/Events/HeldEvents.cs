using Microsoft.EntityFrameworkCore;
using StableDiffusion.Coordinator.Watching;

namespace StableDiffusion.Coordinator.Events;

/// <summary>Watches how long events wait for an older transaction to end (see <see cref="EventLog"/>): a gauge, and a warning that names who
/// holds them back.</summary>
internal sealed partial class HeldEvents : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TooLong = TimeSpan.FromMinutes(1);
    private readonly IServiceScopeFactory scopes;
    private readonly TimeProvider time;
    private readonly ILogger<HeldEvents> logger;
    private double seconds;

    public HeldEvents(FarmMeter meter, IServiceScopeFactory scopes, TimeProvider time, ILogger<HeldEvents> logger)
    {
        (this.scopes, this.time, this.logger) = (scopes, time, logger);
        meter.Meter.CreateObservableGauge("farm.events.held", () => Volatile.Read(ref seconds), "s", "How long the oldest event waits that cannot be told yet, because an older transaction is still open.");
    }

    /// <summary>The oldest event's wait in seconds, and the session whose transaction is the oldest; 0 and null when none waits.</summary>
    public async Task<(double Seconds, string? Holder)> ReadAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var held = await scope.ServiceProvider.GetRequiredService<FarmDb>().Database.SqlQuery<Held>($"""
            SELECT COALESCE(EXTRACT(EPOCH FROM now() - min(at)), 0)::float8 AS "Seconds", (
                SELECT format('process %s of %s in database %s (%s)', pid, usename, datname, application_name)
                FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY age(backend_xid) DESC LIMIT 1) AS "Holder"
            FROM events WHERE transaction >= pg_snapshot_xmin(pg_current_snapshot())
            """).SingleAsync(cancellationToken);
        if (held.Seconds >= TooLong.TotalSeconds && seconds < TooLong.TotalSeconds)
        {
            LogHeld(TimeSpan.FromSeconds(Math.Round(held.Seconds)), held.Holder ?? "a prepared transaction");
        }

        Volatile.Write(ref seconds, held.Seconds);
        return (held.Seconds, held.Seconds > 0 ? held.Holder : null);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await ReadAsync(stoppingToken);
            }
            // what was read last stands until it can be read again
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed((e.InnerException ?? e).Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Events have waited for {Held} to be told, because a transaction of the database server is still open: {Holder}. Streams and webhooks go on once it has ended")]
    private partial void LogHeld(TimeSpan held, string holder);

    [LoggerMessage(Level = LogLevel.Debug, Message = "How long events are held back could not be read: {Reason}")]
    private partial void LogFailed(string reason);

    private sealed record Held(double Seconds, string? Holder);
}
