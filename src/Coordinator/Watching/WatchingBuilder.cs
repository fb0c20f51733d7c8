using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Watching;

/// <summary>Traces and metrics: for Prometheus always, by OTLP where the environment names a collector.</summary>
internal static class WatchingBuilder
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"; // OpenTelemetry's own; its exporter reads it and its siblings

    public static IServiceCollection AddWatching(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<FarmMeter>().AddSingleton<PrometheusText>().AddSingleton<FarmGauges>().AddHostedService(provider => provider.GetRequiredService<FarmGauges>());
        if (configuration[Endpoint] is { Length: > 0 })
        {
            services.AddHostedService<Exporters>();
        }

        return services;
    }

    /// <summary>GET /metrics.</summary>
    public static void MapMetrics(this IEndpointRouteBuilder routes)
    {
        routes.ServiceProvider.GetRequiredService<PrometheusText>(); // what is counted before the first look counts, too
        routes.MapGet("/metrics", (PrometheusText metrics) => TypedResults.Text(metrics.Write(), "text/plain; version=0.0.4; charset=utf-8"))
            .WithName("GetMetrics").WithTags("Health").WithSummary("Metrics of queue, fleet and this process, as Prometheus reads them").RequireAuthorization(AccessPolicies.Farm);
    }

    // made and ended with the host; the package that does this for ASP.NET Core is an extension of its own
    private sealed class Exporters : IHostedService, IDisposable
    {
        private readonly ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("farm-coordinator");
        private TracerProvider? traces;
        private MeterProvider? metrics;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource("Microsoft.AspNetCore", "Npgsql").AddOtlpExporter().Build();
            metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(FarmMeter.Name, "System.Runtime", "Microsoft.AspNetCore.Hosting").AddOtlpExporter().Build();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
            traces?.Dispose(); // sends what is left
            metrics?.Dispose();
        }
    }
}
