using Microsoft.Extensions.Options;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Reports;

public sealed class ProgressReportsTests
{
    [Fact]
    public async Task Progress_is_told_at_most_every_interval_and_numbered()
    {
        using var bench = new Bench();
        bench.Options.ProgressInterval = TimeSpan.FromSeconds(1);
        var time = new SkippingTime(); // its own, since reports wait on the bench's
        var progress = new ProgressReports(bench.ImagesReporter, time, Options.Create(bench.Options));
        var image = new ImageInHand(Some.Image(), Some.Settings);

        progress.Begun(image);
        for (var step = 1; step <= 10; step++)
        {
            time.Advance(TimeSpan.FromSeconds(0.3));
            progress.StepDone(image, new StepNews(0, step, 10, () => throw new InvalidOperationException("nobody asked for a preview")));
            Assert.Equal(step / 4, image.Told);
        }

        bench.ImagesReporter.Returned(new(Guid.NewGuid(), Guid.NewGuid()));
        await bench.ImagesReporter.FlushAsync();
        var last = bench.Bus.Progressed[^1];
        Assert.Equal((2, 8, 10, image.Image.AttemptId), (last.Sequence, last.Step, last.Steps, last.AttemptId));
        Assert.Equal(10, image.Steps);
    }

    [Fact]
    public async Task Progress_shows_the_picture_when_that_was_asked_for()
    {
        using var bench = new Bench();
        var progress = new ProgressReports(bench.ImagesReporter, bench.Time, Options.Create(bench.Options));

        progress.StepDone(new ImageInHand(Some.Image() with { LivePreview = true }, Some.Settings), new StepNews(0, 1, 2, () => new Picture(1, 1, 3, [1, 2, 3])));

        bench.ImagesReporter.Returned(new(Guid.NewGuid(), Guid.NewGuid()));
        await bench.ImagesReporter.FlushAsync();
        Assert.Equal([1, 2, 3], PngReader.Read(Assert.Single(bench.Bus.Progressed).Preview!).Picture.Pixels);
    }
}
