using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace StableDiffusion.Coordinator.Watching;

/// <summary>One instrument's measurements, by their labels.</summary>
internal sealed class Family
{
    private static readonly double[] DefaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
    private static readonly Dictionary<string, string> Units = new() { ["s"] = "seconds", ["By"] = "bytes" };
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, Series> byLabels = new(StringComparer.Ordinal);
    private readonly string help, type;
    private readonly double[] bounds = [];

    public Family(Instrument instrument)
    {
        var kind = instrument.GetType().Name;
        IsObserved = instrument.IsObservable;
        type = kind.StartsWith("Histogram", StringComparison.Ordinal) ? "histogram"
            : kind.StartsWith("Counter", StringComparison.Ordinal) || kind.StartsWith("ObservableCounter", StringComparison.Ordinal) ? "counter" : "gauge";
        help = instrument.Description ?? "";
        var name = string.Concat(instrument.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        if (Units.TryGetValue(instrument.Unit ?? "", out var unit) && !name.Contains(unit, StringComparison.Ordinal))
        {
            name += $"_{unit}";
        }

        Name = type == "counter" ? $"{name}_total" : name;
        if (type == "histogram")
        {
            bounds = instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } ? [.. advised] : DefaultBounds;
        }
    }

    public string Name { get; }

    /// <summary>Whether its values are asked for, and not told when they change.</summary>
    public bool IsObserved { get; }

    public bool IsEmpty
    {
        get
        {
            lock (gate)
            {
                return byLabels.Count == 0;
            }
        }
    }

    public void Clear()
    {
        lock (gate)
        {
            byLabels.Clear();
        }
    }

    public void Add(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = Labels(tags);
        lock (gate)
        {
            if (!byLabels.TryGetValue(labels, out var series))
            {
                byLabels[labels] = series = new Series(new long[bounds.Length]);
            }

            series.Sum = type == "gauge" || IsObserved ? value : series.Sum + value; // an observed counter tells its sum
            series.Count++;
            for (var bound = 0; bound < bounds.Length; bound++)
            {
                series.Buckets[bound] += value <= bounds[bound] ? 1 : 0;
            }
        }
    }

    public void Write(StringBuilder text)
    {
        lock (gate)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP {Name} {help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\n# TYPE {Name} {type}\n");
            foreach (var (labels, series) in byLabels)
            {
                if (type == "histogram")
                {
                    foreach (var (bound, count) in bounds.Append(double.PositiveInfinity).Zip(series.Buckets.Append(series.Count)))
                    {
                        Line(text, "_bucket", string.Join(',', new[] { labels, $"le=\"{PrometheusText.Number(bound)}\"" }.Where(part => part.Length > 0)), count);
                    }

                    Line(text, "_sum", labels, series.Sum);
                    Line(text, "_count", labels, series.Count);
                }
                else
                {
                    Line(text, "", labels, series.Sum);
                }
            }
        }
    }

    private void Line(StringBuilder text, string suffix, string labels, double value) =>
        text.Append(Name).Append(suffix).Append(labels.Length > 0 ? $"{{{labels}}}" : "").Append(' ').Append(PrometheusText.Number(value)).Append('\n');

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
        {
            return "";
        }

        var labels = new List<string>(tags.Length);
        foreach (var (name, value) in tags)
        {
            var escaped = Convert.ToString(value, CultureInfo.InvariantCulture)!
                .Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            labels.Add($"{string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'))}=\"{escaped}\"");
        }

        return string.Join(',', labels.Order(StringComparer.Ordinal));
    }

    private sealed class Series(long[] buckets)
    {
        public double Sum { get; set; }

        public long Count { get; set; }

        public long[] Buckets { get; } = buckets;
    }
}
