using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using StableDiffusion.Storage.Hosting;

namespace StableDiffusion.Coordinator.Watching;

/// <summary>
/// Collects what the farm's meters and those of the object store, the runtime and ASP.NET Core measure, and writes it in Prometheus' text format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/): counters end in _total, units are spelled out, histograms are cumulative.
/// </summary>
public sealed class PrometheusText : IDisposable
{
    private static readonly string[] OfProcess = ["System.Runtime", "Microsoft.AspNetCore.Hosting", "Npgsql", MeasuredObjectStore.MeterName];
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<Instrument, Family> families = new();

    /// <summary>Listens from now on.</summary>
    /// <param name="farm">Of this coordinator; a process may have several.</param>
    public PrometheusText(FarmMeter farm)
    {
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (instrument.Meter == farm.Meter || OfProcess.Contains(instrument.Meter.Name))
            {
                families[instrument] = new Family(instrument);
                listening.EnableMeasurementEvents(instrument, families[instrument]);
            }
        };
        listener.SetMeasurementEventCallback<double>(Note);
        listener.SetMeasurementEventCallback<float>((instrument, value, tags, state) => Note(instrument, value, tags, state));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, state) => Note(instrument, value, tags, state));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, state) => Note(instrument, value, tags, state));
        listener.Start();
        farm.Zero();
    }

    /// <summary>Everything, as it stands now.</summary>
    public string Write()
    {
        foreach (var family in families.Values.Where(family => family.IsObserved))
        {
            family.Clear(); // what is not observed any more is not told any more
        }

        listener.RecordObservableInstruments();
        var text = new StringBuilder();
        foreach (var family in families.Values.Where(family => !family.IsEmpty).OrderBy(family => family.Name, StringComparer.Ordinal))
        {
            family.Write(text);
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();

    /// <summary>A value as the format wants it.</summary>
    internal static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) => ((Family)state!).Add(value, tags);
}
