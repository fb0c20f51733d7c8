using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Watching;

/// <summary>Traces and metrics: for Prometheus always, by OTLP where the environment names a collector.</summary>
internal static class WatchingBuilder
{
    public static IServiceCollection AddWatching(this IServiceCollection services) => services
        .AddSingleton<FarmMeter>().AddSingleton<PrometheusText>().AddHostedService<OtlpExport>()
        .AddSingleton<FarmGauges>().AddHostedService(provider => provider.GetRequiredService<FarmGauges>());

    /// <summary>GET /metrics.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<PrometheusText>(); // what is counted before the first look counts, too
        routes.MapGet("/metrics", (PrometheusText metrics) => TypedResults.Text(metrics.Write(), "text/plain; version=0.0.4; charset=utf-8"))
            .WithName("GetMetrics").WithTags("Health").WithSummary("Metrics of queue, fleet and this process, as Prometheus reads them").RequireAuthorization(AccessPolicies.Metrics);
    }
}
