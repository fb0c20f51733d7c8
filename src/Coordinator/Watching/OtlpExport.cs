using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using StableDiffusion.Storage.Hosting;

namespace StableDiffusion.Coordinator.Watching;

/// <summary>Sends traces and metrics where OpenTelemetry's environment variables say; made and ended with the host.</summary>
internal sealed class OtlpExport(IConfiguration configuration) : IHostedService, IDisposable
{
    // OpenTelemetry's own names; its exporter reads them and their siblings
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", MetricsEndpoint = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";

    private TracerProvider? traces;
    private MeterProvider? metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("farm-coordinator", serviceVersion: StartLog.Version, serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}")
            .AddEnvironmentVariableDetector(); // the environment knows better
        if (Names(Endpoint, TracesEndpoint))
        {
            traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource("Microsoft.AspNetCore", FarmTraces.Name, "Npgsql").AddOtlpExporter().Build();
        }

        if (Names(Endpoint, MetricsEndpoint))
        {
            metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
                .AddMeter(FarmMeter.Name, MeasuredObjectStore.MeterName, "System.Runtime", "Microsoft.AspNetCore.Hosting", "Npgsql").AddOtlpExporter().Build();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        traces?.Dispose(); // sends what is left
        metrics?.Dispose();
    }

    private bool Names(params string[] endpoints) => endpoints.Any(endpoint => configuration[endpoint] is { Length: > 0 });
}
