using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>The backlog as lanes: reads them, closes those that are empty, and tells what is published and not claimed.</summary>
public sealed class Backlog(FarmDb db, Fleet fleet, RecipeCache recipes, TimeProvider time, IOptions<DispatchOptions> options)
{
    /// <summary>Lanes that may have images for these models and whose adapters a worker of the model holds: of each owner the first few.</summary>
    public async Task<IReadOnlyList<Lane>> LanesAsync(IEnumerable<string> models, CancellationToken cancellationToken)
    {
        string[] all = [.. models];
        while (true)
        {
            var lanes = await ReadAsync(all, cancellationToken);
            var known = fleet.Unserved.Count;
            foreach (var (model, needs) in lanes.Select(lane => (lane.Model, lane.Needs)).Distinct())
            {
                await fleet.LookForAsync(model, needs, cancellationToken);
            }

            if (fleet.Unserved.Count == known)
            {
                return lanes;
            } // else look again, without those that took others' places
        }
    }

    /// <summary>Images published for one worker alone and not claimed, by worker.</summary>
    public Task<Dictionary<string, int>> UnclaimedOnAsync(CancellationToken cancellationToken) => db.Images
        .Where(image => image.State == ImageState.Dispatched && image.WorkerId != null).GroupBy(image => image.WorkerId!)
        .Select(ofWorker => new { ofWorker.Key, Count = ofWorker.Count() }).ToDictionaryAsync(row => row.Key, row => row.Count, cancellationToken);

    /// <summary>These lanes gave fewer images than asked for. Looked at again under a lock, which whoever puts an image back waits for, so that none is
    /// overlooked: a lane sleeps when it has none, or until its first may be tried again. What a server that fails forgets of it is found out again.</summary>
    public async Task CloseAsync(IReadOnlyCollection<long> lanes, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"SET LOCAL synchronous_commit = off; SELECT id FROM recipes WHERE id = ANY({lanes}) ORDER BY id FOR UPDATE", cancellationToken);
        await db.Database.ExecuteSqlAsync($"""
            -- ordered, or the planner takes the lane for large and reads the whole table; see docs/decisions/looked-up-by-key.md
            UPDATE recipes r SET waiting = first.found IS NOT NULL, not_before = CASE
                WHEN first.not_before IS NULL OR (
                    SELECT true FROM images WHERE recipe_id = lane.id AND state = 'queued' AND not_before IS NULL ORDER BY position LIMIT 1) THEN NULL
                ELSE (SELECT min(not_before) FROM images WHERE recipe_id = lane.id AND state = 'queued') END -- only where all wait for their time: it reads them all
            FROM unnest({lanes}) AS lane(id) LEFT JOIN LATERAL (
                SELECT true AS found, not_before FROM images WHERE recipe_id = lane.id AND state = 'queued' ORDER BY position LIMIT 1) first ON true
            WHERE r.id = lane.id
            """, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>What recipes say, from memory where it is known.</summary>
    public Task<IReadOnlyDictionary<long, ImageSettings>> SettingsAsync(IEnumerable<long> ids, CancellationToken cancellationToken) => recipes.GetAsync(db, ids, cancellationToken);

    private Task<List<Lane>> ReadAsync(string[] models, CancellationToken cancellationToken) => db.Database.SqlQueryRaw<Lane>("""
        WITH unclaimed AS MATERIALIZED (
            SELECT r.model, sum(i.count)::int AS count
            FROM (SELECT recipe_id, count(*) FROM images WHERE state = 'dispatched' AND worker_id IS NULL GROUP BY recipe_id) i JOIN recipes r ON r.id = i.recipe_id
            GROUP BY r.model)
        SELECT l.id AS "Recipe", l.model AS "Model", l.owner_id AS "OwnerId", l.priority AS "Priority", l.group_key AS "GroupKey", l.needs::text AS "Needs",
            l.cost AS "Cost", coalesce((l.settings->>'batch_class')::int, 1) AS "BatchClass", o.weight AS "Weight", coalesce((SELECT count FROM unclaimed u WHERE u.model = l.model), 0) AS "Unclaimed"
        FROM unnest(@models) AS m(model) CROSS JOIN owners o CROSS JOIN LATERAL (
            SELECT * FROM recipes r
            WHERE r.model = m.model AND r.owner_id = o.id AND r.waiting AND NOT r.held AND (r.not_before IS NULL OR r.not_before <= @now)
                AND NOT EXISTS (SELECT FROM unnest(@unserved, @needs) AS u(model, needs) WHERE u.model = r.model AND u.needs::jsonb = r.needs)
            ORDER BY r.priority DESC, r.id LIMIT @most) l
        """,
        new NpgsqlParameter("models", models), new NpgsqlParameter("now", time.GetUtcNow()), new NpgsqlParameter("most", options.Value.LanesPerOwner),
        new NpgsqlParameter("unserved", fleet.Unserved.Select(lane => lane.Model).ToArray()),
        new NpgsqlParameter("needs", fleet.Unserved.Select(lane => lane.Needs).ToArray())).ToListAsync(cancellationToken);
}
