using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StableDiffusion.Contracts;

namespace StableDiffusion.Coordinator.Health;

/// <summary>/health: database, bus and object store; 503 when one is away. /health/live: the process answers.</summary>
internal static class HealthApi
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = Write });
        routes.MapHealthChecks("/health/live", new HealthCheckOptions { ResponseWriter = Write, Predicate = _ => false });
    }

    private static Task Write(HttpContext context, HealthReport report) => context.Response.WriteAsJsonAsync(
        new HealthResponse(
            report.Status,
            report.Entries.ToDictionary(entry => entry.Key, entry => new CheckResponse(entry.Value.Status, entry.Value.Description))),
        FarmJson.Options, context.RequestAborted);

    private sealed record HealthResponse(HealthStatus Status, IReadOnlyDictionary<string, CheckResponse> Checks);

    private sealed record CheckResponse(HealthStatus Status, string? Description);
}
