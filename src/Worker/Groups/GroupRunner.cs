using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Failures;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Manifests;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Uploads;

namespace StableDiffusion.Worker.Groups;

/// <summary>
/// A group's way from command to pictures: render on the device, then encode, store and report each image by itself. Every
/// image comes to one of four ends: rendered, failed for good, failed retryably, or handed back at shutdown.
/// </summary>
public sealed partial class GroupRunner(
    IRenderer renderer, HeldModels models, WorkInHand inHand, Uploader uploader, Reporter reporter, IOptions<WorkerOptions> options, ILogger<GroupRunner> logger)
{
    /// <summary>Brings every image of the command to an end and reports it; returns when the broker has the reports.</summary>
    public async Task RunAsync(RenderImages command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        using var taken = inHand.Take([.. command.Images.Select(image => image.AttemptId)]);
        var images = command.Images.Select(image => new ImageReports(image, reporter, cancellationToken)).ToList();
        await RenderAsync(command.Model, images, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Hands every image of the command back.</summary>
    public Task ReturnAsync(RenderImages command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        return Task.WhenAll(command.Images.Select(image => new ImageReports(image, reporter, cancellationToken).ReturnedAsync()));
    }

    private async Task RenderAsync(string model, List<ImageReports> images, CancellationToken cancellationToken)
    {
        // pictures leave the device's thread at once: encoding and storing one overlaps with drawing the next
        var finishing = new Dictionary<ImageReports, Task>();
        var group = new RenderGroup(model, [.. images.Select(image => image.Image.Settings)])
        {
            Started = index => images[index].Started(),
            StepDone = news => images[news.Image].StepDone(news),
            Rendered = (index, drawn) => finishing[images[index]] = Task.Run(() => FinishAsync(images[index], drawn, cancellationToken), cancellationToken),
        };
        Exception? failure = null;
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(inHand.Stopping, cancellationToken);
            await renderer.RenderAsync(group, stop.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested) // of whatever kind: Failure sorts it below
        {
            failure = error;
        }
        await Task.WhenAll(finishing.Values).ConfigureAwait(false);
        var left = images.Where(image => !finishing.ContainsKey(image)).ToList();
        if (failure is OperationCanceledException && inHand.Stopping.IsCancellationRequested)
        {
            await Task.WhenAll(left.Select(image => image.ReturnedAsync())).ConfigureAwait(false);
        }
        else if (failure is not null)
        {
            await FailAsync(model, left, failure, images.Count == 1, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>What fails in company is tried alone, so that one bad image or a lack of memory does not take others with it.</summary>
    private async Task FailAsync(string model, List<ImageReports> images, Exception error, bool alone, CancellationToken cancellationToken)
    {
        if (alone)
        {
            await Task.WhenAll(images.Select(image => FailAsync(image, error))).ConfigureAwait(false);
            return;
        }
        LogSplit(error, images.Count, model, error.Message);
        foreach (var image in images)
        {
            await RenderAsync(model, [image], cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task FinishAsync(ImageReports image, RenderedImage drawn, CancellationToken cancellationToken)
    {
        byte[] file;
        try
        {
            file = PictureFile.Encode(drawn.Picture, ManifestOf(image.Image.Settings));
            await uploader.PutAsync(image.Image.ObjectKey, file, PictureFile.ContentType, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (inHand.Stopping.IsCancellationRequested)
        {
            await image.ReturnedAsync().ConfigureAwait(false);
            return;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            await FailAsync(image, error).ConfigureAwait(false);
            return;
        }
        await image.RenderedAsync(Convert.ToHexStringLower(SHA256.HashData(file)), file.Length, drawn.RenderTime, drawn.PeakMemory).ConfigureAwait(false);
        LogRendered(image.Image.ImageId, image.Image.AttemptId, drawn.RenderTime.TotalSeconds, file.Length, drawn.PeakMemory / (double)(1 << 20));
    }

    private Manifest ManifestOf(ImageSettings settings) => new()
    {
        Settings = settings,
        ModelHash = models.Get(settings.Model).Hash,
        SingleFile = options.Value.SingleFiles.GetValueOrDefault(settings.Model)?.ToOptions(),
        Environment = renderer.Environment,
    };

    private Task FailAsync(ImageReports image, Exception error)
    {
        var failure = Failure.From(error);
        LogFailed(error, image.Image.ImageId, image.Image.AttemptId, failure.Reason, failure.Retryable);
        return image.FailedAsync(failure);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Rendered image {ImageId}, attempt {AttemptId}, in {Seconds:0.000} s: {Bytes} bytes; peak memory {PeakMebibytes:0} MiB")]
    private partial void LogRendered(Guid imageId, Guid attemptId, double seconds, long bytes, double? peakMebibytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Image {ImageId}, attempt {AttemptId}, failed (retryable: {Retryable}): {Reason}")]
    private partial void LogFailed(Exception error, Guid imageId, Guid attemptId, string reason, bool retryable);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} images of a group for {Model} failed and are tried one by one: {Reason}")]
    private partial void LogSplit(Exception error, int count, string model, string reason);
}
