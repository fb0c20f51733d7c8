using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Failures;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Reports;

public sealed class ImagesReporterTests
{
    private readonly TaskCompletionSource sending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task What_comes_while_a_message_is_under_way_leaves_together_in_the_next()
    {
        using var bench = await UnderWayAsync();

        bench.ImagesReporter.Rendered(Rendered());
        bench.ImagesReporter.Failed(Attempt(), new Failure("away", Retryable: true));
        bench.ImagesReporter.Returned(Attempt());
        bench.ImagesReporter.Progressed(Progress(Guid.NewGuid(), 1));
        await FlushAsync(bench);

        Assert.Equal(2, bench.Bus.Reports.Count);
        var report = bench.Bus.Reports[1];
        Assert.Equal(("worker-1", 1, 1, 1, 1), (report.WorkerId, report.Rendered.Count, report.Failed.Count, report.Returned.Count, report.Progressed.Count));
    }

    [Fact]
    public async Task No_message_has_more_entries_than_the_most_and_none_is_lost()
    {
        using var bench = await UnderWayAsync();
        var images = Enumerable.Range(0, ImagesReporter.Most + 44).Select(_ => Rendered()).ToList();

        images.ForEach(bench.ImagesReporter.Rendered);
        await FlushAsync(bench);

        Assert.Equal([ImagesReporter.Most, 44], bench.Bus.Reports.Skip(1).Select(report => report.Rendered.Count));
        Assert.Equal(images, bench.Bus.Rendered);
    }

    [Fact]
    public async Task Ends_are_sent_until_the_broker_takes_them_in_their_order()
    {
        using var bench = new Bench { Bus = new FakeBus(new IOException(), new TimeoutException(), new IOException()) };
        List<AttemptReference> images = [Attempt(), Attempt(), Attempt()];

        foreach (var image in images)
        {
            bench.ImagesReporter.Returned(image);
            await bench.ImagesReporter.FlushAsync();
        }

        Assert.Equal(images, bench.Bus.Returned);
    }

    [Fact]
    public async Task Of_an_attempts_progress_the_latest_waits_and_its_end_takes_it_away()
    {
        using var bench = await UnderWayAsync();
        var (going, ending) = (Guid.NewGuid(), Rendered());

        for (var step = 1; step <= 5; step++)
        {
            bench.ImagesReporter.Progressed(Progress(going, step));
            bench.ImagesReporter.Progressed(Progress(ending.AttemptId, step));
        }
        bench.ImagesReporter.Rendered(ending);
        await FlushAsync(bench);

        var progress = Assert.Single(bench.Bus.Progressed);
        Assert.Equal((going, 5), (progress.AttemptId, progress.Step));
    }

    [Fact]
    public async Task Progress_alone_is_dropped_when_the_broker_does_not_take_it()
    {
        using var bench = new Bench { Bus = new FakeBus(new IOException()) };
        bench.Bus.BeforeSend = () =>
        {
            sending.TrySetResult();
            return Task.CompletedTask;
        };

        bench.ImagesReporter.Progressed(Progress(Guid.NewGuid(), 1));
        await sending.Task.WaitAsync(TestContext.Current.CancellationToken);
        bench.ImagesReporter.Returned(Attempt());
        await bench.ImagesReporter.FlushAsync();

        Assert.Empty(bench.Bus.Progressed);
        Assert.Single(bench.Bus.Returned);
    }

    [Fact]
    public void Flush_of_nothing_waits_for_nothing()
    {
        using var bench = new Bench();

        Assert.True(bench.ImagesReporter.FlushAsync().IsCompletedSuccessfully);
    }

    /// <summary>A bench whose first message is held by the broker.</summary>
    private async Task<Bench> UnderWayAsync()
    {
        var bench = new Bench();
        bench.Bus.BeforeSend = () =>
        {
            sending.TrySetResult();
            return go.Task;
        };
        bench.ImagesReporter.Returned(Attempt());
        await sending.Task.WaitAsync(TestContext.Current.CancellationToken);
        return bench;
    }

    private Task FlushAsync(Bench bench)
    {
        var flushed = bench.ImagesReporter.FlushAsync();
        go.SetResult();
        return flushed;
    }

    private static AttemptReference Attempt() => new(Guid.NewGuid(), Guid.NewGuid());

    private static ImageRendered Rendered() =>
        new() { ImageId = Guid.NewGuid(), AttemptId = Guid.NewGuid(), Sha256 = "00", Bytes = 1, RenderTime = TimeSpan.FromSeconds(1) };

    private static ImageProgressed Progress(Guid attempt, int step) =>
        new() { ImageId = Guid.NewGuid(), AttemptId = attempt, Sequence = step, Step = step, Steps = 5 };
}
