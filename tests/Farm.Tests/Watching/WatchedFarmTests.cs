using System.Text.Json.Nodes;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Farm.Tests.EndToEnd;

namespace StableDiffusion.Farm.Tests.Watching;

[Collection(OnRealServers.Name)]
public sealed class WatchedFarmTests(WatchedFarm farm) : IClassFixture<WatchedFarm>
{
    [Fact]
    public void One_trace_leads_from_the_request_through_dispatch_claim_drawing_and_storing_to_the_committed_picture()
    {
        ReceivedSpan[] trace = [.. farm.Collector.Spans.Where(span => span.TraceId == WatchedFarm.Trace)];
        ReceivedSpan request = Assert.Single(trace, span => span.ParentId == WatchedFarm.Parent);
        Assert.Equal(("farm-coordinator", "POST /v1/batches"), (request.Service, request.Name));
        Assert.Equal(("/v1/batches", "POST"), (request.Tags["http.route"], request.Tags["http.request.method"]));
        ReceivedSpan[] dispatched = [.. trace.Where(span => span.Name == "image.dispatch")];
        Assert.Equal(WatchedFarm.Images, dispatched.Length);
        foreach (ReceivedSpan dispatch in dispatched)
        {
            Assert.Equal(("farm-coordinator", request.Id), (dispatch.Service, dispatch.ParentId));
            Assert.Equal(farm.Batch.Id.ToString(), dispatch.Tags["farm.batch"]);
            ReceivedSpan[] drawn = [.. trace.Where(span => span.ParentId == dispatch.Id)];
            Assert.Equal(["image.claim", "image.render", "image.store"], drawn.Select(span => span.Name).Order());
            Assert.All(drawn, span => Assert.Equal("farm-worker", span.Service));
            ReceivedSpan commit = Assert.Single(trace, span => span.ParentId == drawn.Single(stored => stored.Name == "image.store").Id);
            Assert.Equal(("farm-coordinator", "image.commit", "succeeded"), (commit.Service, commit.Name, commit.Tags["farm.outcome"]));
            Assert.All([.. drawn, commit], span => Assert.Equal((dispatch.Tags["farm.image"], dispatch.Tags["farm.attempt"]), (span.Tags["farm.image"], span.Tags["farm.attempt"])));
        }
    }

    [Fact]
    public void In_containers_every_line_of_the_log_is_JSON_and_what_is_about_an_image_has_its_ids()
    {
        foreach (string program in new[] { "Coordinator", "Worker" })
        {
            Assert.NotEmpty(farm.Lines[program]);
            Assert.All(farm.Lines[program], line => Assert.Equal('Z', JsonNode.Parse(line)!["Timestamp"]!.GetValue<string>()[^1]));
        }

        string[] stored = [.. farm.Lines["Worker"].Where(line => line.Contains("Rendered image", StringComparison.Ordinal))];
        Assert.Equal(WatchedFarm.Images, stored.Length);
        foreach (string line in stored)
        {
            JsonObject ids = JsonNode.Parse(line)!["Scopes"]!.AsArray().OfType<JsonObject>().Single(scope => scope["BatchId"] is not null);
            Assert.Equal((farm.Batch.Id.ToString(), "worker-0", WatchedFarm.Trace), (ids["BatchId"]!.GetValue<string>(), ids["WorkerId"]!.GetValue<string>(), ids["TraceId"]!.GetValue<string>()));
            Assert.Contains(farm.Collector.Spans, span => span.Name == "image.store" && span.Tags["farm.image"] == ids["ImageId"]!.GetValue<string>() && span.Tags["farm.attempt"] == ids["AttemptId"]!.GetValue<string>());
        }
    }

    [Fact]
    public void The_dashboard_and_the_rules_ask_for_nothing_that_the_farm_does_not_tell()
    {
        Dictionary<string, HashSet<string>> told = Exposition.OfPrometheus(farm.Metrics);
        foreach ((string name, HashSet<string> labels) in Exposition.OfOtlp(farm.Collector.Metrics.Keys.Where(metric => metric.Service == "farm-worker")))
        {
            told.TryAdd(name, labels);
        }

        told.Add("up", []); // Prometheus' own
        string[] queries = [.. Dashboard.Queries(), .. Dashboard.Rules()];
        Assert.True(queries.Length > 30);
        foreach (string query in queries)
        {
            (string Metric, string[] Labels)[] asked = [.. Dashboard.Asked(query)];
            Assert.NotEmpty(asked);
            Assert.All(asked, one => Assert.True(told.ContainsKey(one.Metric), $"{one.Metric} of \"{query}\" is not told"));
            Assert.All(asked, one => Assert.Empty(one.Labels.Except(told[one.Metric]).Except(["job", "instance"]))); // these are Prometheus' own
        }
    }
}
