using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using StableDiffusion.Storage.Hosting;

namespace StableDiffusion.Coordinator.Watching;

/// <summary>Sends traces and metrics where OpenTelemetry's environment variables say; made and ended with the host.</summary>
internal sealed class OtlpExport(IConfiguration configuration) : IHostedService, IDisposable
{
    private const string Exporter = "OTEL_EXPORTER_OTLP_"; // OpenTelemetry's own names
    private TracerProvider? traces;
    private MeterProvider? metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateDefault().AddService("farm-coordinator", serviceVersion: StartLog.Version, serviceInstanceId: $"{Environment.MachineName}-{Environment.ProcessId}")
            .AddEnvironmentVariableDetector(); // the environment knows better
        if (IsNamed("TRACES"))
        {
            traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource("Microsoft.AspNetCore", FarmTraces.Name, "Npgsql").AddOtlpExporter(options => Configure(options, "TRACES")).Build();
        }

        if (IsNamed("METRICS"))
        {
            metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
                .AddMeter(FarmMeter.Name, MeasuredObjectStore.MeterName, "System.Runtime", "Microsoft.AspNetCore.Hosting", "Npgsql").AddOtlpExporter(options => Configure(options, "METRICS")).Build();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        traces?.Dispose(); // sends what is left
        metrics?.Dispose();
    }

    private bool IsNamed(string signal) => configuration[$"{Exporter}ENDPOINT"] is { Length: > 0 } || configuration[$"{Exporter}{signal}_ENDPOINT"] is { Length: > 0 };

    // the exporter itself reads what holds for all signals, and not what is for one
    private void Configure(OtlpExporterOptions options, string signal)
    {
        if (configuration[$"{Exporter}{signal}_ENDPOINT"] is { Length: > 0 } endpoint)
        {
            options.Endpoint = new Uri(endpoint);
        }

        if (configuration[$"{Exporter}{signal}_PROTOCOL"] is { Length: > 0 } protocol)
        {
            options.Protocol = protocol == "http/protobuf" ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        }
    }
}
