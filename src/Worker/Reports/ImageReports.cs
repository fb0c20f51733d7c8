using StableDiffusion.Contracts.Messages;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Worker.Failures;
using StableDiffusion.Worker.Rendering;

namespace StableDiffusion.Worker.Reports;

/// <summary>
/// The news of one attempt, in order: its start once, progress, then one end, which waits until the start has got through.
/// Start and progress do not wait for the broker, so that a slow one never slows the device.
/// </summary>
public sealed class ImageReports(ImageToRender image, Reporter reporter, CancellationToken cancellationToken)
{
    private Task? started;
    private Task progress = Task.CompletedTask;
    private long lastProgress = reporter.Time.GetTimestamp();
    private int sequence;
    private int? steps;

    /// <summary>The image and attempt that is reported about.</summary>
    public ImageToRender Image => image;

    /// <summary>Taken up. A second call (the image is tried again alone) tells nothing new.</summary>
    public void Started() => started ??= reporter.SendAsync(
        new ImageStarted { ImageId = image.ImageId, AttemptId = image.AttemptId, WorkerId = reporter.WorkerId, Timestamp = Now },
        cancellationToken);

    /// <summary>
    /// A step is done. Told at most every <see cref="Reporter.ProgressInterval"/>; a step that comes while the last report is
    /// still on its way is skipped, so the newest wins.
    /// </summary>
    public void StepDone(StepNews news)
    {
        steps = news.Steps;
        if (!progress.IsCompleted || reporter.Time.GetElapsedTime(lastProgress) < reporter.ProgressInterval)
        {
            return;
        }
        lastProgress = reporter.Time.GetTimestamp();
        progress = reporter.TrySendAsync(
            new ImageProgressed
            {
                ImageId = image.ImageId, AttemptId = image.AttemptId, WorkerId = reporter.WorkerId, Timestamp = Now,
                Sequence = ++sequence, Step = news.Step, Steps = news.Steps,
                Preview = image.LivePreview ? PngWriter.Write(news.Preview()) : null,
            },
            cancellationToken);
    }

    /// <summary>The PNG is stored, whole.</summary>
    public Task RenderedAsync(string sha256, long bytes, TimeSpan renderTime, long? peakMemory = null) => EndAsync(new ImageRendered
    {
        ImageId = image.ImageId, AttemptId = image.AttemptId, WorkerId = reporter.WorkerId, Timestamp = Now,
        ObjectKey = image.ObjectKey, Sha256 = sha256, Bytes = bytes, RenderTime = renderTime, Steps = steps, PeakMemory = peakMemory,
    });

    /// <summary>No picture came of it.</summary>
    public Task FailedAsync(Failure failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return EndAsync(new ImageFailed
        {
            ImageId = image.ImageId, AttemptId = image.AttemptId, WorkerId = reporter.WorkerId, Timestamp = Now,
            Reason = failure.Reason, Retryable = failure.Retryable,
        });
    }

    /// <summary>Handed back unrendered.</summary>
    public Task ReturnedAsync() => EndAsync(new ImageReturned
    {
        ImageId = image.ImageId, AttemptId = image.AttemptId, WorkerId = reporter.WorkerId, Timestamp = Now,
    });

    private DateTimeOffset Now => reporter.Time.GetUtcNow();

    private async Task EndAsync<T>(T report) where T : class
    {
        await (started ?? Task.CompletedTask).ConfigureAwait(false);
        await reporter.SendAsync(report, cancellationToken).ConfigureAwait(false);
    }
}
