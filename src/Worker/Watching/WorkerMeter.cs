using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Watching;
using StableDiffusion.Storage.Hosting;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Watching;

/// <summary>What a worker counts. It has no port to be asked at: the numbers go out by OTLP, and what the farm needs of them in its beats and reports.</summary>
public static class WorkerMeter
{
    /// <summary>The meter's name.</summary>
    public const string Name = "StableDiffusion.Worker";

    private static readonly Meter Meter = new(Name);
    private static readonly Counter<long> Images = Meter.CreateCounter<long>("farm.device.images", "{image}", "Pictures that the device drew, by model.");
    private static readonly Counter<double> Busy = Meter.CreateCounter<double>("farm.device.busy", "s", "Time that the device was at work for pictures, by model.");
    private static readonly Counter<long> Failures = Meter.CreateCounter<long>("farm.device.failures", "{image}", "Images that could not be drawn or stored, by reason.");

    /// <summary>A picture was drawn.</summary>
    public static void Drawn(string model, TimeSpan time)
    {
        Images.Add(1, new KeyValuePair<string, object?>("model", model));
        Busy.Add(time.TotalSeconds, new KeyValuePair<string, object?>("model", model));
    }

    /// <summary>Images failed.</summary>
    /// <param name="reason">One of <see cref="FailureReasons"/>.</param>
    /// <param name="count">How many.</param>
    public static void Failed(string reason, int count = 1) => Failures.Add(count, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Sends these numbers, the device's memory, and the worker's traces.</summary>
    internal static OtlpExport Export(IConfiguration configuration, IRenderer renderer, string workerId)
    {
        Meter.CreateObservableGauge("farm.device.memory.used", () => renderer.UsedMemory is { } used ? [new Measurement<long>(used)] : Array.Empty<Measurement<long>>(), "By", "The device's memory in use.");
        foreach (var reason in FailureReasons.All)
        {
            Failed(reason, 0); // what has not happened yet is told as well
        }

        return new OtlpExport(
            configuration, new Telemetry("farm-worker", WorkerVersion.Text, workerId, [WorkerTraces.Name], [Name, MeasuredObjectStore.MeterName, "System.Runtime"]));
    }
}
