using StableDiffusion.Contracts;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Reports;

public sealed class ReporterTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Report_that_must_arrive_is_sent_until_the_broker_takes_it()
    {
        using var bench = new Bench { Bus = new FakeBus(new IOException(), new IOException(), new TimeoutException()) };

        await bench.Reporter.SendAsync(Queues.Images, "news", Cancel);

        Assert.Equal(["news"], bench.Bus.Sent);
        Assert.Equal([0.5, 1, 2], bench.Time.Waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task Report_that_only_informs_is_dropped_at_the_first_failure()
    {
        using var bench = new Bench { Bus = new FakeBus(new IOException()) };

        Assert.False(await bench.Reporter.TrySendAsync(Queues.Workers, "news", TimeSpan.FromSeconds(30), Cancel));

        Assert.Empty(bench.Bus.Sent);
    }
}
