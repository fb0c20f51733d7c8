using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace StableDiffusion.Farm.Servers;

/// <summary>A span as it came.</summary>
public sealed record ReceivedSpan(string Service, string TraceId, string Id, string ParentId, string Name, IReadOnlyDictionary<string, string> Tags);

/// <summary>A metric as it came: its name, unit, kind ("gauge", "sum" or "histogram") and the names of its points' attributes.</summary>
public sealed record ReceivedMetric(string Service, string Name, string Unit, string Kind, string Labels);

/// <summary>Takes in what is sent by OTLP over HTTP, as protobuf (opentelemetry-proto 1.x), and keeps it.</summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    private readonly WebApplication app;

    private OtlpCollector(WebApplication app) => this.app = app;

    /// <summary>Spans so far.</summary>
    public ConcurrentBag<ReceivedSpan> Spans { get; } = [];

    /// <summary>Metrics so far, each once.</summary>
    public ConcurrentDictionary<ReceivedMetric, bool> Metrics { get; } = [];

    /// <summary>What makes a program send to it, often.</summary>
    public Dictionary<string, string> Environment => new()
    {
        ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = $"{app.Urls.Single()}/v1/traces",
        ["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = $"{app.Urls.Single()}/v1/metrics",
        ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"] = "http/protobuf",
        ["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
    };

    /// <summary>Listens on a port of its own.</summary>
    public static async Task<OtlpCollector> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var collector = new OtlpCollector(app);
        app.MapPost("/v1/traces", (HttpRequest request) => TakeAsync(request, collector.TakeTraces));
        app.MapPost("/v1/metrics", (HttpRequest request) => TakeAsync(request, collector.TakeMetrics));
        await app.StartAsync(cancellationToken);
        return collector;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static async Task<IResult> TakeAsync(HttpRequest request, Action<Message> take)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
        take(new Message(body.ToArray()));
        return Results.Bytes([], "application/x-protobuf");
    }

    private void TakeTraces(Message request)
    {
        foreach (var ofResource in request.All(1))
        {
            foreach (var span in ofResource.All(2).SelectMany(ofScope => ofScope.All(2)))
            {
                Spans.Add(new ReceivedSpan(Service(ofResource), span.Hex(1), span.Hex(2), span.Hex(4), span.Text(5), Attributes(span.All(9))));
            }
        }
    }

    private void TakeMetrics(Message request)
    {
        foreach (var ofResource in request.All(1))
        {
            foreach (var metric in ofResource.All(2).SelectMany(ofScope => ofScope.All(2)))
            {
                foreach (var (field, kind, labels) in new[] { (5, "gauge", 7), (7, "sum", 7), (9, "histogram", 9) })
                {
                    foreach (var point in metric.All(field).SelectMany(data => data.All(1)))
                    {
                        Metrics[new ReceivedMetric(Service(ofResource), metric.Text(1), metric.Text(3), kind, string.Join(',', Attributes(point.All(labels)).Keys.Order()))] = true;
                    }
                }
            }
        }
    }

    private static string Service(Message ofResource) => Attributes(ofResource.All(1).Single().All(1))["service.name"];

    private static Dictionary<string, string> Attributes(IEnumerable<Message> pairs) => pairs.ToDictionary(pair => pair.Text(1), pair => pair.All(2).Single().Text(1));

    /// <summary>A message of protobuf's wire format, of which only the fields that have a length are looked at.</summary>
    private sealed class Message
    {
        private readonly ILookup<int, byte[]> fields;

        public Message(ReadOnlySpan<byte> bytes)
        {
            var found = new List<(int Field, byte[] Bytes)>();
            while (bytes.Length > 0)
            {
                var tag = Varint(ref bytes);
                switch (tag & 7)
                {
                    case 0: Varint(ref bytes); break;
                    case 1: bytes = bytes[8..]; break;
                    case 2:
                        var length = (int)Varint(ref bytes);
                        found.Add(((int)(tag >> 3), bytes[..length].ToArray()));
                        bytes = bytes[length..];
                        break;
                    case 5: bytes = bytes[4..]; break;
                    default: throw new InvalidDataException($"wire type {tag & 7}");
                }
            }

            fields = found.ToLookup(field => field.Field, field => field.Bytes);
        }

        public IEnumerable<Message> All(int field) => fields[field].Select(bytes => new Message(bytes));

        public string Text(int field) => Encoding.UTF8.GetString(fields[field].LastOrDefault() ?? []);

        public string Hex(int field) => Convert.ToHexStringLower(fields[field].LastOrDefault() ?? []);

        private static ulong Varint(ref ReadOnlySpan<byte> bytes)
        {
            ulong value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var next = bytes[0];
                bytes = bytes[1..];
                value |= (ulong)(next & 0x7f) << shift;
                if (next < 0x80)
                {
                    return value;
                }
            }
        }
    }
}
