using StableDiffusion.Contracts.Messages;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Worker.Rendering;
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
    public void Progress_shows_the_picture_when_that_was_asked_for()
    {
        using var bench = new Bench();
        var image = new ImageReports(Some.Image() with { LivePreview = true }, bench.Reporter, Cancel);

        image.StepDone(new StepNews(0, 1, 2, () => new Picture(1, 1, 3, [1, 2, 3])));

        var preview = Assert.Single(bench.Bus.All<ImageProgressed>()).Preview;
        Assert.Equal([1, 2, 3], PngReader.Read(preview!).Picture.Pixels);
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
            image.StepDone(new StepNews(0, step, 10, () => throw new InvalidOperationException("nobody asked for a preview")));
        }

        Assert.Equal([(1, 4), (2, 8)], bench.Bus.All<ImageProgressed>().Select(report => (report.Sequence, report.Step)));
    }
}
