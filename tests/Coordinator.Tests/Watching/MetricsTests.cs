using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Http.Json;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Watching;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Watching;

public sealed class MetricsTests(Databases databases)
{
    [Fact]
    public async Task Metrics_tell_of_queue_fleet_and_work()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.SubmitAsync(6);
        Assert.Equal(4, await host.RunRoundAsync());
        host.Time.Advance(TimeSpan.FromHours(1)); // counts are read anew
        await host.BeatAsync();
        await host.Get<FarmGauges>().ReadAsync(Token);
        var lines = (await host.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), Token)).Split('\n');
        Assert.Contains("farm_images_accepted_total 6", lines);
        Assert.Contains("farm_images_published_total{model=\"tiny\"} 4", lines);
        Assert.Contains("farm_waiting_images{model=\"tiny\"} 6", lines);
        Assert.Contains("farm_waiting_oldest_seconds{model=\"tiny\"} 3600", lines);
        Assert.Contains("farm_owner_waiting_images{owner=\"default\"} 2", lines); // the others are published
        Assert.Contains("farm_model_workers{model=\"tiny\"} 1", lines);
        Assert.Contains("farm_workers{state=\"idle\"} 1", lines);
        Assert.Contains("farm_workers{state=\"lost\"} 0", lines);
        Assert.Contains("# TYPE farm_waiting_gpu_seconds gauge", lines);
    }

    [Fact]
    public void An_images_time_is_counted_from_its_acceptance_which_its_id_tells()
    {
        using var farm = new FarmMeter();
        using var text = new PrometheusText(farm);
        var now = DateTimeOffset.UtcNow;
        farm.Claimed([Guid.CreateVersion7(now - TimeSpan.FromSeconds(2))], asked: 2, now);
        farm.Succeeded([Guid.CreateVersion7(now - TimeSpan.FromSeconds(8)), Guid.CreateVersion7(now - TimeSpan.FromDays(1))], now);
        farm.Failed("memory", 3);
        var lines = text.Write().Split('\n');
        Assert.Contains("farm_image_wait_seconds_bucket{le=\"1\"} 0", lines);
        Assert.Contains("farm_image_wait_seconds_bucket{le=\"2.5\"} 1", lines);
        Assert.Contains("farm_image_duration_seconds_bucket{le=\"10\"} 1", lines);
        Assert.Contains("farm_image_duration_seconds_sum 86408", lines);
        Assert.Contains("farm_attempts_refused_total 1", lines);
        Assert.Contains("farm_attempts_failed_total{reason=\"memory\"} 3", lines);
    }

    [Fact]
    public void The_format_is_prometheus_own()
    {
        using var farm = new FarmMeter();
        using var text = new PrometheusText(farm);
        var meter = farm.Meter;
        var counter = meter.CreateCounter<long>("test.things", "{thing}", "Things \\ done.");
        counter.Add(2, new KeyValuePair<string, object?>("b", "say \"hi\"\n"), new KeyValuePair<string, object?>("a", 1));
        counter.Add(3, new KeyValuePair<string, object?>("a", 1), new KeyValuePair<string, object?>("b", "say \"hi\"\n"));
        var histogram = meter.CreateHistogram("test.wait", "s", "Waits.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in new[] { 0.1, 0.5, 2 })
        {
            histogram.Record(value);
        }

        var level = 7d;
        meter.CreateObservableGauge("test.level", () => level, "By");
        text.Write();
        level = 1.5;
        Assert.Equal(
            """
            # HELP test_level_bytes 
            # TYPE test_level_bytes gauge
            test_level_bytes 1.5
            # HELP test_things_total Things \\ done.
            # TYPE test_things_total counter
            test_things_total{a="1",b="say \"hi\"\n"} 5
            # HELP test_wait_seconds Waits.
            # TYPE test_wait_seconds histogram
            test_wait_seconds_bucket{le="0.1"} 1
            test_wait_seconds_bucket{le="1"} 2
            test_wait_seconds_bucket{le="+Inf"} 3
            test_wait_seconds_sum 2.6
            test_wait_seconds_count 3

            """,
            string.Join('\n', text.Write().Split('\n').Where(line => line.Contains("test_", StringComparison.Ordinal) || line.Length == 0)));
    }

    [Fact]
    public async Task A_requests_trace_goes_with_its_images_to_the_worker()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.ReportWorkerAsync();
        using var activities = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(activities);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batches") { Content = JsonContent.Create(new { prompt = "a" }) };
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        using var answer = await host.Client.SendAsync(request, Token);
        Assert.True(answer.IsSuccessStatusCode);
        await host.RunRoundAsync();
        var image = Assert.Single((await host.Commands.Reader.ReadAsync(Token)).Images);
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", image.TraceParent, StringComparison.Ordinal);
    }
}
