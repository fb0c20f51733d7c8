using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Failures;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Uploads;
using StableDiffusion.Worker.Watching;

namespace StableDiffusion.Worker.Groups;

/// <summary>
/// A group's way from claim to pictures: drawn on the device, then encoded, stored and reported image by image. Every image
/// comes to one of five ends: rendered, failed for good, failed retryably, handed back, or cancelled, which nobody hears of.
/// </summary>
public sealed partial class GroupRunner(
    IRenderer renderer, HeldModels models, WorkInHand inHand, ImageFinisher finisher, ProgressReports progress, ImagesReporter reporter, Throughput throughput,
    IOptions<WorkerOptions> options, ILogger<GroupRunner> logger)
{
    /// <summary>Brings every image of the group to an end; returns when the broker has the reports.</summary>
    /// <param name="group">From <see cref="WorkInHand"/>.</param>
    /// <param name="drawn">Called when the device is done with it.</param>
    public async Task RunAsync(GroupInHand group, Action drawn)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(drawn);
        long taken = throughput.Now;
        var model = models.Use(group.Model, group.Checkpoint);
        group.ModelHash = model?.Hash ?? "";
        if (model is null)
        {
            group.HandBack(); // dropped since its queue gave the command, or replaced
        }

        // pictures leave the device's thread at once: encoding and storing one overlaps with drawing the next
        var pictures = Channel.CreateUnbounded<DrawnImage>(new UnboundedChannelOptions { SingleWriter = true });
        var finishing = finisher.FinishAsync(pictures.Reader.ReadAllAsync(inHand.Abandoned), inHand.Abandoned);
        try
        {
            await DrawAsync(group, group.Images, pictures.Writer).ConfigureAwait(false);
        }
        finally
        {
            pictures.Writer.Complete();
            drawn();
            await finishing.ConfigureAwait(false);
        }

        await reporter.FlushAsync().WaitAsync(inHand.Abandoned).ConfigureAwait(false);
        int count = group.Images.Count(image => image.Drawn);
        throughput.Add(count, taken);
        var time = throughput.Since(taken);
        LogDone(count, group.Images.Count, group.Model, time);
    }

    private async Task DrawAsync(GroupInHand group, IReadOnlyList<ImageInHand> images, ChannelWriter<DrawnImage> pictures)
    {
        Exception? failure;
        List<ImageInHand> left = [.. images];
        do
        {
            left.RemoveAll(image => !image.IsLeft);
            if (left.Count == 0)
            {
                return;
            }

            failure = await TryDrawAsync(group, [.. left], pictures).ConfigureAwait(false);
        }
        while (failure is OperationCanceledException && !group.IsHandedBack); // some were cancelled: the others are drawn without them

        left.RemoveAll(image => !image.IsLeft);
        if (failure is OperationCanceledException)
        {
            left.ForEach(image => reporter.Returned(image.Reference));
        }
        else if (failure is not null)
        {
            await FailAsync(group, left, failure, images.Count == 1, pictures).ConfigureAwait(false);
        }
    }

    /// <summary>Why some are left; null when none is.</summary>
    private async Task<Exception?> TryDrawAsync(GroupInHand group, ImageInHand[] images, ChannelWriter<DrawnImage> pictures)
    {
        var cancellation = group.BeginCall(images, inHand.Abandoned);
        var call = new RenderGroup(group.Model, Array.ConvertAll(images, image => image.Settings))
        {
            Started = index =>
            {
                group.Begun(images[index]);
                progress.Begun(images[index]);
            },
            StepDone = news => progress.StepDone(images[news.Image], news),
            Rendered = (index, picture) =>
            {
                images[index].Drawn = true;
                pictures.TryWrite(new DrawnImage(images[index], picture, group.ModelHash));
            },
        };
        try
        {
            await renderer.RenderAsync(call, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (OperationCanceledException error) when (cancellation.IsCancellationRequested)
        {
            inHand.Abandoned.ThrowIfCancellationRequested();
            return error;
        }
        catch (OperationCanceledException error) // not by us, so it is a failure like others
        {
            return new InvalidOperationException(error.Message, error);
        }
        catch (Exception error) // of whatever kind: Failure sorts it
        {
            return error;
        }
        finally
        {
            group.EndCall();
        }
    }

    /// <summary>What fails in company is tried alone, so that one bad image or a lack of memory does not take others with it.</summary>
    private async Task FailAsync(GroupInHand group, List<ImageInHand> images, Exception error, bool alone, ChannelWriter<DrawnImage> pictures)
    {
        if (alone)
        {
            images.ForEach(image => Fail(image, error));
            return;
        }

        LogSplit(error, images.Count, group.Model, error.Message);
        foreach (var image in images)
        {
            await DrawAsync(group, [image], pictures).ConfigureAwait(false);
        }
    }

    private void Fail(ImageInHand image, Exception error)
    {
        var failure = Failure.From(error);
        using var scope = ImageScope.Begin(logger, image.Image, options.Value.Id);
        LogFailed(error, image.Image.ImageId, image.Image.AttemptId, failure.Reason, failure.Retryable);
        reporter.Failed(image.Reference, failure, image.Image.TraceParent);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Drew {Count} of {Total} images of {Model} in {Time} from claim to report")]
    private partial void LogDone(int count, int total, string model, TimeSpan time);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Image {ImageId}, attempt {AttemptId}, failed (retryable: {Retryable}): {Reason}")]
    private partial void LogFailed(Exception error, Guid imageId, Guid attemptId, string reason, bool retryable);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} images of a group for {Model} failed and are tried one by one: {Reason}")]
    private partial void LogSplit(Exception error, int count, string model, string reason);
}
