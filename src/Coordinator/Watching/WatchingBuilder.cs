using StableDiffusion.Contracts.Watching;
using StableDiffusion.Coordinator.Owners.Access;
using StableDiffusion.Storage.Hosting;

namespace StableDiffusion.Coordinator.Watching;

/// <summary>Traces and metrics: for Prometheus always, by OTLP where the environment names a collector.</summary>
internal static class WatchingBuilder
{
    private static Telemetry Told { get; } = new(
        "farm-coordinator", StartLog.Version, $"{Environment.MachineName}-{Environment.ProcessId}", ["Microsoft.AspNetCore", FarmTraces.Name, "Npgsql"],
        [FarmMeter.Name, MeasuredObjectStore.MeterName, "System.Runtime", "Microsoft.AspNetCore.Hosting", "Npgsql"]);

    public static IServiceCollection AddWatching(this IServiceCollection services) => services
        .AddSingleton<FarmMeter>().AddSingleton<PrometheusText>()
        // not AddHostedService, which keeps one of a type: a worker may be in this process, too
        .AddSingleton<IHostedService>(provider => new OtlpExport(provider.GetRequiredService<IConfiguration>(), Told))
        .AddSingleton<FarmGauges>().AddHostedService(provider => provider.GetRequiredService<FarmGauges>());

    /// <summary>GET /metrics.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<PrometheusText>(); // what is counted before the first look counts, too
        routes.MapGet("/metrics", (PrometheusText metrics) => TypedResults.Text(metrics.Write(), "text/plain; version=0.0.4; charset=utf-8"))
            .WithName("GetMetrics").WithTags("Health").WithSummary("Metrics of queue, fleet and this process, as Prometheus reads them").RequireAuthorization(AccessPolicies.Metrics);
    }
}
