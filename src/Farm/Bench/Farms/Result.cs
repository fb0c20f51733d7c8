using System.Globalization;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>A line of the table.</summary>
/// <param name="Measured">What.</param>
/// <param name="Value">How much.</param>
/// <param name="Aim">What it should be; empty where there is nothing to aim at.</param>
internal sealed record Result(string Measured, string Value, string Aim = "")
{
    /// <summary>"1,234/s".</summary>
    public static string Rate(double perSecond) => string.Create(CultureInfo.InvariantCulture, $"{perSecond:#,0}/s");

    /// <summary>"12.3 ms", at some percentiles: "p50 1.2, p95 3.4 ms".</summary>
    public static string Percentiles(List<TimeSpan> samples, params ReadOnlySpan<int> percentiles)
    {
        samples.Sort();
        List<string> texts = [];
        foreach (var percentile in percentiles)
        {
            texts.Add(string.Create(CultureInfo.InvariantCulture, $"p{percentile} {At(samples, percentile).TotalMilliseconds:0.0}"));
        }

        return string.Join(", ", texts) + " ms";
    }

    /// <summary>"met", or "missed", after what was aimed at.</summary>
    public static string Judge(string aim, bool met) => $"{aim}: {(met ? "met" : "missed")}";

    /// <summary>The smallest sample that so many percent do not exceed; samples are sorted.</summary>
    public static TimeSpan At(List<TimeSpan> sorted, int percentile) => sorted[Math.Clamp((int)Math.Ceiling(sorted.Count * percentile / 100.0) - 1, 0, sorted.Count - 1)];
}
