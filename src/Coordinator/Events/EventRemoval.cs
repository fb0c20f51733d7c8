using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Events;

/// <summary>Removes events that have been kept for long enough, the oldest first, and notes up to where.</summary>
internal sealed partial class EventRemoval(IServiceScopeFactory scopes, TimeProvider time, IOptions<EventOptions> options, ILogger<EventRemoval> logger)
    : BackgroundService
{
    private const int Chunk = 5000;
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    /// <summary>Removes all that is due; how many.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var (all, last) = (0, 0);
        do
        {
            await using var scope = scopes.CreateAsyncScope();
            last = await RemoveAsync(scope.ServiceProvider.GetRequiredService<FarmDb>(), cancellationToken);
            all += last;
        }
        while (last == Chunk);
        return all;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await RunAsync(stoppingToken) is > 0 and var count)
                {
                    LogRemoved(count, options.Value.KeepFor);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(e, Every);
            }
        }
    }

    // up to the first that is young, since a place in their order tells what is gone; of several coordinators one at a time
    private async Task<int> RemoveAsync(FarmDb db, CancellationToken cancellationToken) => (await db.Database.SqlQuery<int>($"""
        WITH turn AS (SELECT pg_try_advisory_xact_lock({0x6576_656e_7473_6f6cL}) AS mine),
        oldest AS (SELECT transaction, id, at FROM events WHERE (SELECT mine FROM turn) ORDER BY transaction, id LIMIT {Chunk}),
        due AS (SELECT transaction, id FROM (SELECT *, bool_and(at < {time.GetUtcNow() - options.Value.KeepFor}) OVER (ORDER BY transaction, id) AS old FROM oldest) o WHERE old),
        gone AS (DELETE FROM events e USING due d WHERE e.transaction = d.transaction AND e.id = d.id RETURNING e.transaction, e.id),
        noted AS (
            INSERT INTO event_marks (name, transaction, event_id)
            SELECT {EventMark.Removed}, transaction, id FROM gone ORDER BY transaction DESC, id DESC LIMIT 1
            ON CONFLICT (name) DO UPDATE SET transaction = excluded.transaction, event_id = excluded.event_id)
        SELECT count(*)::int AS "Value" FROM gone
        """).ToListAsync(cancellationToken))[0];

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} events older than {KeepFor} removed")]
    private partial void LogRemoved(int count, TimeSpan keepFor);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old events cannot be removed; tried again in {Every}")]
    private partial void LogFailed(Exception exception, TimeSpan every);
}
