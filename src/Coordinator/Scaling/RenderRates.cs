using Microsoft.EntityFrameworkCore;

namespace StableDiffusion.Coordinator.Scaling;

/// <summary>How long a worker takes for a unit of <see cref="Dispatch.Cost"/>, measured by model over the pictures that were made last.</summary>
#pragma warning disable CA1001 // nothing to let go of in a semaphore, and whoever waits when the host ends must not meet a disposed one
public sealed class RenderRates(IServiceScopeFactory scopes, TimeProvider time)
{
    private const int Attempts = 5000, OfModel = 200;
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(15);
    private readonly SemaphoreSlim turn = new(1);
    private IReadOnlyDictionary<string, double> rates = new Dictionary<string, double>();
    private DateTimeOffset readAt = DateTimeOffset.MinValue;

    /// <summary>Seconds per unit of cost, by model; those that were never drawn with while this coordinator ran, or just before, are left out.</summary>
    public async Task<IReadOnlyDictionary<string, double>> ReadAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            var now = time.GetUtcNow();
            if (now - readAt >= Fresh || now < readAt)
            {
                var known = new Dictionary<string, double>(rates); // a model that others have crowded out keeps what was measured
                foreach (var (model, seconds) in await MeasureAsync(cancellationToken))
                {
                    known[model] = seconds;
                }

                (rates, readAt) = (known, now);
            }

            return rates;
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<List<Rate>> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        // ids of attempts rise with time
        return await scope.ServiceProvider.GetRequiredService<FarmDb>().Database.SqlQuery<Rate>($"""
            SELECT model AS "Model", sum(seconds)::float8 / sum(cost) AS "Seconds"
            FROM (
                SELECT r.model, r.cost, extract(epoch FROM i.render_time) AS seconds, row_number() OVER (PARTITION BY r.model ORDER BY a.id DESC) AS place
                FROM (SELECT id, image_id FROM attempts ORDER BY id DESC LIMIT {Attempts}) a
                JOIN images i ON i.id = a.image_id AND i.attempt_id = a.id AND i.state = 'succeeded' AND i.render_time IS NOT NULL
                -- LIMIT: looked up one by one; the planner, who expects one image above, would read the table for each
                CROSS JOIN LATERAL (SELECT model, cost FROM recipes WHERE id = i.recipe_id LIMIT 1) r) last
            WHERE place <= {OfModel} GROUP BY model
            """).ToListAsync(cancellationToken);
    }

    private sealed record Rate(string Model, double Seconds);
}
