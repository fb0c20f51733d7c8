using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace StableDiffusion.Contracts.Watching;

/// <summary>Sends traces and metrics where OpenTelemetry's environment variables say; made and ended with the host.</summary>
/// <param name="configuration">Has these variables.</param>
/// <param name="told">What is sent, and as whose.</param>
public sealed class OtlpExport(IConfiguration configuration, Telemetry told) : IHostedService, IDisposable
{
    private const string Exporter = "OTEL_EXPORTER_OTLP_"; // OpenTelemetry's own names
    private TracerProvider? traces;
    private MeterProvider? metrics;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var resource = ResourceBuilder.CreateDefault().AddService(told.Service, serviceVersion: told.Version, serviceInstanceId: told.Instance)
            .AddEnvironmentVariableDetector(); // the environment knows better
        if (IsNamed("TRACES"))
        {
            traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource([.. told.Sources]).AddOtlpExporter(options => Configure(options, "TRACES")).Build();
        }

        if (IsNamed("METRICS"))
        {
            metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter([.. told.Meters]).AddOtlpExporter(options => Configure(options, "METRICS")).Build();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
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

/// <summary>What a process tells of itself.</summary>
/// <param name="Service">Its kind.</param>
/// <param name="Version">Of its build.</param>
/// <param name="Instance">Which of its kind it is.</param>
/// <param name="Sources">Names of its activity sources.</param>
/// <param name="Meters">Names of its meters.</param>
public sealed record Telemetry(string Service, string Version, string Instance, IReadOnlyList<string> Sources, IReadOnlyList<string> Meters);
