using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Tests.Fakes;
using StableDiffusion.Worker.Watching;

namespace StableDiffusion.Worker.Tests.Watching;

public sealed class WatchedImagesTests : IDisposable
{
    private const string Trace = "0af7651916cd43dd8448eb211c80319c", Parent = "b7ad6b7169203331";
    private readonly ConcurrentQueue<Activity> spans = new();
    private readonly ActivityListener listener;
    private readonly ImageToRender image = Some.Image() with { TraceParent = $"00-{Trace}-{Parent}-01" };

    public WatchedImagesTests()
    {
        listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == WorkerTraces.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.GetTagItem("farm.image") is Guid id && id == image.ImageId) // other tests draw, too
                {
                    spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
    }

    public void Dispose() => listener.Dispose();

    [Fact]
    public async Task Claiming_drawing_and_storing_an_image_are_spans_of_its_requests_trace_and_the_report_goes_on_from_the_last()
    {
        using var bench = new Bench();

        await bench.Intake.TakeAsync(Some.Group(image), TestContext.Current.CancellationToken);
        await bench.InHand.KeptAsync();

        Assert.Equal(["image.claim", "image.render", "image.store"], spans.Select(span => span.OperationName));
        Assert.All(spans, span =>
        {
            Assert.Equal((Trace, Parent), (span.TraceId.ToString(), span.ParentSpanId.ToString()));
            Assert.Equal((image.BatchId, image.AttemptId), (span.GetTagItem("farm.batch"), span.GetTagItem("farm.attempt")));
        });
        Assert.Equal(spans.Last().Id, Assert.Single(bench.Bus.Rendered).TraceParent);
    }

    [Fact]
    public async Task A_store_that_refuses_is_told_in_the_span_and_counted_by_its_reason()
    {
        var counted = new ConcurrentBag<string>();
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == WorkerMeter.Name)
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => counted.Add($"{instrument.Name} {string.Join(',', tags.ToArray())} {value}"));
        meters.Start();
        using var bench = new Bench { Store = new FakeStore(new ObjectStoreException("no such bucket", transient: false)) };

        await bench.RunAsync(Some.Group(image));

        var storing = spans.Single(span => span.OperationName == "image.store");
        Assert.Equal((ActivityStatusCode.Error, "no such bucket"), (storing.Status, storing.StatusDescription));
        var failed = Assert.Single(bench.Bus.Failed);
        Assert.Equal((FailureReasons.Objects, storing.Id), (failed.Kind, failed.TraceParent));
        Assert.Contains("farm.device.images [model, starter] 1", counted);
        Assert.Contains("farm.device.failures [reason, objects] 1", counted);
    }

    [Fact]
    public async Task An_image_that_nobody_traces_has_no_spans_and_its_report_no_trace()
    {
        using var bench = new Bench();
        await bench.RunAsync(Some.Group(image with { TraceParent = null }));

        Assert.Empty(spans);
        Assert.Null(Assert.Single(bench.Bus.Rendered).TraceParent);
    }

    [Fact]
    public async Task What_the_log_says_while_an_image_is_stored_has_all_its_ids_though_the_line_itself_has_not()
    {
        using var lines = new StringWriter();
        using var console = new JsonLog(lines);
        using var bench = new Bench { Log = console, Store = new FakeStore(new ObjectStoreException("away", transient: true)) };

        await bench.RunAsync(Some.Group(image));

        var line = lines.ToString().Split('\n').Single(text => text.Contains("Upload of", StringComparison.Ordinal));
        foreach (var id in new object[] { image.BatchId, image.ImageId, image.AttemptId, "worker-1", Trace })
        {
            Assert.Contains($"\"{id}\"", line, StringComparison.Ordinal);
        }
    }

    /// <summary>What the console shows where its lines are JSON with scopes, as in containers.</summary>
    private sealed class JsonLog(TextWriter to) : ILoggerFactory, ILogger
    {
        private readonly LoggerExternalScopeProvider scopes = new();
        private readonly ConsoleFormatter formatter = new ServiceCollection()
            .AddLogging(logging => logging.AddJsonConsole(json => json.IncludeScopes = true)).BuildServiceProvider()
            .GetServices<ConsoleFormatter>().Single(one => one.Name == ConsoleFormatterNames.Json);

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (to)
            {
                this.formatter.Write(new LogEntry<TState>(logLevel, "test", eventId, state, exception, formatter), scopes, to);
            }
        }

        public void Dispose()
        {
        }
    }
}
