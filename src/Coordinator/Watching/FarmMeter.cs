using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Coordinator.Watching;

/// <summary>What a coordinator counts. Names and units as Prometheus and OpenTelemetry write them; of several coordinators each counts what it did.</summary>
public sealed class FarmMeter : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string Name = "StableDiffusion.Farm";

    private readonly Meter meter = new(Name);
    private static readonly double[] Waits = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200];
    private readonly Counter<long> accepted, published, claimed, refused, ended, failed;
    private readonly Counter<double> renderSeconds;
    private readonly Histogram<double> roundSeconds, waitSeconds, imageSeconds;

    /// <summary>Nothing is counted yet.</summary>
    public FarmMeter()
    {
        accepted = meter.CreateCounter<long>("farm.images.accepted", "{image}", "Images of accepted batches.");
        published = meter.CreateCounter<long>("farm.images.published", "{image}", "Images handed to the broker, by model.");
        claimed = meter.CreateCounter<long>("farm.attempts.claimed", "{attempt}", "Attempts granted to workers.");
        refused = meter.CreateCounter<long>("farm.attempts.refused", "{attempt}", "Attempts that workers asked for and that no longer counted.");
        ended = meter.CreateCounter<long>("farm.attempts.ended", "{attempt}", "Attempts that workers brought to an end, by outcome: succeeded, failed, returned, stale.");
        failed = meter.CreateCounter<long>("farm.attempts.failed", "{attempt}", "Attempts that failed, by reason: request, memory, objects, adapter, lost (the worker was), other.");
        renderSeconds = meter.CreateCounter<double>("farm.render.seconds", "s", "Time that devices were at work for pictures that were committed, by worker.");
        roundSeconds = meter.CreateHistogram("farm.dispatch.round.duration", "s", "Time that a round of the dispatcher took.",
            tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5] });
        waitSeconds = meter.CreateHistogram("farm.image.wait", "s", "From an image's acceptance to its claim by a worker.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Waits });
        imageSeconds = meter.CreateHistogram("farm.image.duration", "s", "From an image's acceptance to its committed picture.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Waits });
    }

    /// <summary>The meter, for gauges.</summary>
    internal Meter Meter => meter;

    /// <summary>Tells of what has not happened yet, so that the first time is seen as a change.</summary>
    internal void Zero()
    {
        foreach (var counter in new[] { accepted, claimed, refused })
        {
            counter.Add(0);
        }

        foreach (var outcome in new[] { "succeeded", "failed", "returned", "stale" })
        {
            ended.Add(0, new KeyValuePair<string, object?>("outcome", outcome));
        }

        foreach (var reason in FailureReasons.All)
        {
            Failed(reason, 0);
        }
    }

    /// <summary>A batch was accepted.</summary>
    public void Accepted(int images) => accepted.Add(images);

    /// <summary>Images were handed to the broker.</summary>
    public void Published(string model, int images) => published.Add(images, new KeyValuePair<string, object?>("model", model));

    /// <summary>A worker asked.</summary>
    /// <param name="granted">The images that it may draw.</param>
    /// <param name="asked">How many it asked for.</param>
    /// <param name="now">UTC.</param>
    public void Claimed(IReadOnlyCollection<Guid> granted, int asked, DateTimeOffset now)
    {
        claimed.Add(granted.Count);
        refused.Add(asked - granted.Count);
        Record(waitSeconds, granted, now);
    }

    /// <summary>A worker reported ends.</summary>
    /// <param name="outcome">"succeeded", "failed" or "returned".</param>
    /// <param name="counted">Those that were still current.</param>
    /// <param name="told">All that it named.</param>
    public void Ended(string outcome, int counted, int told)
    {
        ended.Add(counted, new KeyValuePair<string, object?>("outcome", outcome));
        ended.Add(told - counted, new KeyValuePair<string, object?>("outcome", "stale"));
    }

    /// <summary>Pictures were committed.</summary>
    public void Succeeded(IReadOnlyCollection<Guid> images, DateTimeOffset now) => Record(imageSeconds, images, now);

    /// <summary>Attempts failed.</summary>
    /// <param name="reason">One of <see cref="FailureReasons"/>.</param>
    /// <param name="count">How many.</param>
    public void Failed(string reason, int count) => failed.Add(count, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Devices were at work.</summary>
    public void Rendered(string worker, TimeSpan time) => renderSeconds.Add(time.TotalSeconds, new KeyValuePair<string, object?>("worker", worker));

    /// <summary>A round of the dispatcher ended.</summary>
    public void Round(long began) => roundSeconds.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    // an image's id, of version 7, begins with the time of its acceptance in milliseconds
    private static void Record(Histogram<double> histogram, IEnumerable<Guid> images, DateTimeOffset now)
    {
        if (histogram.Enabled)
        {
            Span<byte> id = stackalloc byte[16];
            foreach (var image in images)
            {
                image.TryWriteBytes(id, bigEndian: true, out _);
                var accepted = BinaryPrimitives.ReadInt64BigEndian(id) >> 16;
                histogram.Record(Math.Max(0, now.ToUnixTimeMilliseconds() - accepted) / 1000d);
            }
        }
    }
}
