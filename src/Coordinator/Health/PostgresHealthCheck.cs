using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace StableDiffusion.Coordinator.Health;

/// <summary>Healthy when the database answers.</summary>
internal sealed class PostgresHealthCheck(FarmDb db) : IHealthCheck
{
    /// <summary>As it is registered.</summary>
    public const string Name = "postgres";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await db.Database.ExecuteSqlAsync($"SELECT 1", cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, (e.InnerException ?? e).Message, e);
        }
    }
}
