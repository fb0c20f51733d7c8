using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Reports;

public sealed class ReporterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Report_that_must_arrive_is_sent_until_the_broker_takes_it()
    {
        using var bench = new Bench { Bus = new FakeBus(new IOException(), new IOException(), new TimeoutException()) };

        await bench.Reporter.SendAsync("news", Cancel);

        Assert.Equal(["news"], bench.Bus.Published);
        Assert.Equal([0.5, 1, 2], bench.Time.Waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task Report_that_only_informs_is_dropped_at_the_first_failure()
    {
        using var bench = new Bench { Bus = new FakeBus(new IOException()) };

        await bench.Reporter.TrySendAsync("news", Cancel);

        Assert.Empty(bench.Bus.Published);
    }

    [Fact]
    public async Task End_is_told_after_the_start_even_when_the_start_had_to_be_repeated()
    {
        using var bench = new Bench { Bus = new FakeBus(new IOException()) };
        var image = new ImageReports(Some.Image(), bench.Reporter, Cancel);

        image.Started();
        image.Started();
        await image.ReturnedAsync();

        Assert.Equal([typeof(ImageStarted), typeof(ImageReturned)], bench.Bus.Published.Select(report => report.GetType()));
    }

    [Fact]
    public void Progress_is_told_at_most_every_interval_and_numbered()
    {
        using var bench = new Bench();
        bench.Options.ProgressInterval = TimeSpan.FromSeconds(1);
        var image = new ImageReports(Some.Image(), bench.Reporter, Cancel);

        for (var step = 1; step <= 10; step++)
        {
            bench.Time.Advance(TimeSpan.FromSeconds(0.3));
            image.StepDone(step, 10);
        }

        Assert.Equal([(1, 4), (2, 8)], bench.Bus.All<ImageProgressed>().Select(report => (report.Sequence, report.Step)));
    }
}
