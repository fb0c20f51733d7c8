using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using StableDiffusion.Storage.Hosting;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Watching;

/// <summary>Sends traces and metrics where OpenTelemetry's environment variables say; made and ended with the host.</summary>
internal sealed class OtlpExport(IConfiguration configuration, IRenderer renderer, IOptions<WorkerOptions> options) : IHostedService, IDisposable
{
    // OpenTelemetry's own names; its exporter reads them and their siblings
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", TracesEndpoint = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", MetricsEndpoint = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";

    private TracerProvider? traces;
    private MeterProvider? metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("farm-worker", serviceVersion: WorkerVersion.Text, serviceInstanceId: options.Value.Id)
            .AddEnvironmentVariableDetector(); // the environment knows better
        if (Names(Endpoint, TracesEndpoint))
        {
            traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(WorkerTraces.Name).AddOtlpExporter().Build();
        }

        if (Names(Endpoint, MetricsEndpoint))
        {
            metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(WorkerMeter.Name, MeasuredObjectStore.MeterName, "System.Runtime").AddOtlpExporter().Build();
            WorkerMeter.Watch(() => renderer.UsedMemory);
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
