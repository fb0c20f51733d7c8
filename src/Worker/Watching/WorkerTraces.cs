using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Watching;

/// <summary>What a worker adds to the trace of the request that asked for an image: drawing and storing it. By OTLP, where the environment
/// names a collector.</summary>
public static class WorkerTraces
{
    /// <summary>The source's name.</summary>
    public const string Name = "StableDiffusion.Worker";

    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT"; // OpenTelemetry's own; its exporter reads it and its siblings
    private static readonly ActivitySource Source = new(Name);

    /// <summary>The image was drawn, by now.</summary>
    /// <param name="image">The image.</param>
    /// <param name="worker">This worker.</param>
    /// <param name="model">The model.</param>
    /// <param name="time">How long the device was at work for it.</param>
    public static void Rendered(ImageToRender image, string worker, string model, TimeSpan time)
    {
        var now = DateTimeOffset.UtcNow;
        using var span = Start("image.render", image, now - time);
        span?.SetTag("farm.worker", worker).SetTag("farm.model", model).SetEndTime(now.UtcDateTime);
    }

    /// <summary>The picture is being encoded and stored, until the result is disposed.</summary>
    public static Activity? Storing(ImageToRender image) => Start("image.store", image, default);

    /// <summary>Sends them where the environment says.</summary>
    internal static IServiceCollection AddWorkerTraces(this IServiceCollection services, IConfiguration configuration) =>
        configuration[Endpoint] is { Length: > 0 } ? services.AddHostedService<Exporter>() : services;

    private static Activity? Start(string name, ImageToRender image, DateTimeOffset start)
    {
        ActivityContext.TryParse(image.TraceParent, null, isRemote: true, out var parent);
        return Source.StartActivity(name, ActivityKind.Consumer, parent, startTime: start)?
            .SetTag("farm.batch", image.BatchId).SetTag("farm.image", image.ImageId).SetTag("farm.attempt", image.AttemptId);
    }

    // made and ended with the host
    private sealed class Exporter : IHostedService, IDisposable
    {
        private TracerProvider? traces;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(ResourceBuilder.CreateDefault().AddService("farm-worker")).AddSource(Name).AddOtlpExporter().Build();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose() => traces?.Dispose(); // sends what is left
    }
}
