using System.Diagnostics;
using Microsoft.EntityFrameworkCore;

namespace StableDiffusion.Coordinator.Scaling;

/// <summary>Counts the backlog, lane by lane. A count is good for a second, or for twenty times as long as it took: however much waits, it never costs the
/// database more than a twentieth of one core.</summary>
#pragma warning disable CA1001 // nothing to let go of in a semaphore, and whoever waits when the host ends must not meet a disposed one
public sealed class WaitingWork(IServiceScopeFactory scopes, TimeProvider time)
{
    private const int RestFactor = 20;
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim turn = new(1);
    private WorkSnapshot snapshot = new([], new Dictionary<string, UnderWay>());
    private DateTimeOffset readAt = DateTimeOffset.MinValue;
    private TimeSpan good;

    /// <summary>The newest count.</summary>
    public async Task<WorkSnapshot> ReadAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            if (now - readAt >= good || now < readAt)
            {
                var began = Stopwatch.GetTimestamp();
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<FarmDb>();
                var underWay = await UnderWayAsync(db, cancellationToken); // first: what moves on meanwhile is rather counted twice than not at all
                snapshot = new WorkSnapshot(await LanesAsync(db, cancellationToken), underWay);
                var took = Stopwatch.GetElapsedTime(began) * RestFactor;
                (readAt, good) = (now, took > Fresh ? took : Fresh);
            }

            return snapshot;
        }
        finally
        {
            turn.Release();
        }
    }

    // A batch of one recipe, as most are, needs no count: its row has one, kept by all transitions, from which what is under way is taken off.
    private static async Task<List<WaitingLane>> LanesAsync(FarmDb db, CancellationToken cancellationToken) => (await db.Database.SqlQueryRaw<WaitingLane>("""
        WITH begun AS (
            SELECT batch_id, count(*) FROM (
                SELECT batch_id FROM images WHERE state = 'dispatched' UNION ALL SELECT batch_id FROM images WHERE state = 'rendering') i GROUP BY batch_id)
        SELECT r.id AS "Recipe", r.model AS "Model", r.owner_id AS "OwnerId", r.priority AS "Priority", r.needs::text AS "Needs", r.cost AS "Cost",
            o.weight AS "Weight", b.created_at AS "Since",
            CASE WHEN EXISTS (SELECT FROM recipes WHERE batch_id = r.batch_id AND id <> r.id)
                THEN (SELECT count(*) FROM images WHERE recipe_id = r.id AND state = 'queued') ELSE b.open - coalesce(begun.count, 0) END AS "Images"
        FROM recipes r JOIN owners o ON o.id = r.owner_id JOIN batches b ON b.id = r.batch_id LEFT JOIN begun ON begun.batch_id = r.batch_id
        WHERE r.waiting AND NOT r.held
        """).ToListAsync(cancellationToken)).FindAll(lane => lane.Images > 0);

    private static async Task<Dictionary<string, UnderWay>> UnderWayAsync(FarmDb db, CancellationToken cancellationToken) => (await db.Database.SqlQueryRaw<UnderWay>("""
        SELECT r.model AS "Model", count(*) FILTER (WHERE NOT i.begun) AS "Unclaimed", coalesce(sum(r.cost) FILTER (WHERE NOT i.begun), 0) AS "UnclaimedCost",
            sum(r.cost * i.rest) AS "Cost"
        FROM (
            SELECT recipe_id, false AS begun, 1.0::float8 AS rest FROM images WHERE state = 'dispatched'
            UNION ALL SELECT recipe_id, true, greatest(1 - step::float8 / steps, 0) FROM images WHERE state = 'rendering') i
        JOIN recipes r ON r.id = i.recipe_id GROUP BY r.model
        """).ToListAsync(cancellationToken)).ToDictionary(row => row.Model);
}
