using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Tests.Watching;

/// <summary>Names of metrics as Prometheus keeps them, each with the names of its labels.</summary>
internal static class Exposition
{
    /// <summary>Of the text format.</summary>
    public static Dictionary<string, HashSet<string>> OfPrometheus(string text) => text.Split('\n').Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split(['{', ' '], 2)).GroupBy(line => line[0]).ToDictionary(ofName => ofName.Key, ofName => ofName
            .SelectMany(line => line[1].Split("\",").Where(label => label.Contains("=\"", StringComparison.Ordinal))).Select(label => label[..label.IndexOf('=', StringComparison.Ordinal)]).ToHashSet());

    /// <summary>Of OTLP, as Prometheus translates it: underscores, the unit spelled out, counters in _total (https://prometheus.io/docs/guides/opentelemetry/).</summary>
    public static Dictionary<string, HashSet<string>> OfOtlp(IEnumerable<ReceivedMetric> metrics) => metrics
        .SelectMany(metric => Names(metric).Select(name => (name, metric))).GroupBy(named => named.name).ToDictionary(ofName => ofName.Key, ofName => ofName
            .SelectMany(named => named.metric.Labels.Split(',').Append(named.metric.Kind == "histogram" ? "le" : "")).Where(label => label.Length > 0).Select(Underscored).ToHashSet());

    private static IEnumerable<string> Names(ReceivedMetric metric)
    {
        string unit = metric.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        string name = Underscored(metric.Name) + unit;
        return metric.Kind switch { "sum" => [name + "_total"], "histogram" => [name + "_bucket", name + "_sum", name + "_count"], _ => [name] };
    }

    private static string Underscored(string name) => name.Replace('.', '_');
}
