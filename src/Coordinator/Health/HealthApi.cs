using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace StableDiffusion.Coordinator.Health;

/// <summary>/health: database, bus and object store; 503 when one is away. /health/ready: the database, which is all that most requests need: what is
/// accepted while the broker or the store is away waits there. /health/live: the process answers.</summary>
internal static class HealthApi
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var health = routes.MapGroup("/health").WithTags("Health").AllowAnonymous();
        Map(health, "", _ => true, "GetHealth", "Whether database, bus and object store answer");
        Map(health, "ready", name => name == PostgresHealthCheck.Name, "GetReadiness", "Whether requests can be answered, though bus and object store may be away");
        Map(health, "live", _ => false, "GetLiveness", "Whether the process answers");
    }

    private static void Map(IEndpointRouteBuilder health, string path, Func<string, bool> check, string name, string summary)
    {
        var services = health.ServiceProvider;
        var recent = new RecentReport(services.GetRequiredService<HealthCheckService>(), services.GetRequiredService<TimeProvider>(), check);
        health.MapGet(path, (HttpResponse response, CancellationToken cancellationToken) => CheckAsync(recent, response, cancellationToken))
            .WithName(name).WithSummary(summary).Produces<HealthResponse>().Produces<HealthResponse>(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<JsonHttpResult<HealthResponse>> CheckAsync(RecentReport recent, HttpResponse response, CancellationToken cancellationToken)
    {
        var report = await recent.ReadAsync(cancellationToken);
        response.Headers.CacheControl = "no-store";
        return TypedResults.Json(
            new HealthResponse(
                report.Status,
                report.Entries.ToDictionary(entry => entry.Key, entry => new CheckResponse(entry.Value.Status, entry.Value.Description))),
            statusCode: report.Status is HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
    }

    [Description("How the farm's parts are.")]
    private sealed record HealthResponse(
        [property: Description("The worst of the checks.")] HealthStatus Status,
        [property: Description("What was asked, by name.")] IReadOnlyDictionary<string, CheckResponse> Checks);

    [Description("How one part is.")]
    private sealed record CheckResponse(
        [property: Description("How it answers.")] HealthStatus Status,
        [property: Description("What is wrong.")] string? Description = null);
}
