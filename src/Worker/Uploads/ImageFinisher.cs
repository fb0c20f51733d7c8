using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Failures;
using StableDiffusion.Worker.Groups;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Manifests;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Rendering;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Watching;

namespace StableDiffusion.Worker.Uploads;

/// <summary>An image that has left the device.</summary>
/// <param name="Image">The image.</param>
/// <param name="Drawn">Its picture.</param>
/// <param name="ModelHash">Of the weights that it was drawn with: by now the worker may hold others under the model's name.</param>
public readonly record struct DrawnImage(ImageInHand Image, RenderedImage Drawn, string ModelHash);

/// <summary>Makes files of pictures, stores and reports them, some at a time.</summary>
public sealed partial class ImageFinisher(
    IRenderer renderer, WorkInHand inHand, Uploader uploader, ImagesReporter reporter, IOptions<WorkerOptions> options, ILogger<ImageFinisher> logger)
{
    /// <summary>Finishes a group's pictures as they come; returns when there are no more and each has its end.</summary>
    public Task FinishAsync(IAsyncEnumerable<DrawnImage> pictures, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        pictures, new ParallelOptions { MaxDegreeOfParallelism = options.Value.Uploads, CancellationToken = cancellationToken }, FinishAsync);

    private async ValueTask FinishAsync(DrawnImage picture, CancellationToken cancellationToken)
    {
        var (image, drawn, modelHash) = picture;
        using var scope = ImageScope.Begin(logger, image.Image, options.Value.Id);
        WorkerMeter.Drawn(image.Settings.Model, drawn.RenderTime);
        WorkerTraces.Rendered(image.Image, options.Value.Id, image.Settings.Model, drawn.RenderTime);
        using var storing = WorkerTraces.Storing(image.Image);
        byte[] file;
        try
        {
            file = PictureFile.Encode(drawn.Picture, ManifestOf(image.Settings, modelHash));
            await uploader.PutAsync(image.Image.ObjectKey, file, PictureFile.ContentType, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (inHand.Stopping.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            reporter.Returned(image.Reference);
            return;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            storing?.SetStatus(ActivityStatusCode.Error, error.Message);
            var failure = Failure.From(error);
            LogFailed(error, image.Image.ImageId, image.Image.AttemptId, failure.Reason, failure.Retryable);
            reporter.Failed(image.Reference, failure, storing?.Id ?? image.Image.TraceParent);
            return;
        }

        reporter.Rendered(new ImageRendered
        {
            ImageId = image.Image.ImageId,
            AttemptId = image.Image.AttemptId,
            Sha256 = Convert.ToHexStringLower(SHA256.HashData(file)),
            Bytes = file.Length,
            RenderTime = drawn.RenderTime,
            Steps = image.Steps,
            PeakMemory = drawn.PeakMemory,
            TraceParent = WorkerTraces.Next(image.Image, storing),
        });
        LogRendered(image.Image.ImageId, image.Image.AttemptId, drawn.RenderTime.TotalSeconds, file.Length, drawn.PeakMemory / (double)(1 << 20));
    }

    private Manifest ManifestOf(ImageSettings settings, string modelHash) => new()
    {
        Settings = settings,
        ModelHash = modelHash,
        SingleFile = options.Value.SingleFiles.GetValueOrDefault(settings.Model)?.ToOptions(),
        Environment = renderer.Environment,
    };

    [LoggerMessage(Level = LogLevel.Debug, Message = "Rendered image {ImageId}, attempt {AttemptId}, in {Seconds:0.000} s: {Bytes} bytes; peak memory {PeakMebibytes:0} MiB")]
    private partial void LogRendered(Guid imageId, Guid attemptId, double seconds, long bytes, double? peakMebibytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Image {ImageId}, attempt {AttemptId}, could not be stored (retryable: {Retryable}): {Reason}")]
    private partial void LogFailed(Exception error, Guid imageId, Guid attemptId, string reason, bool retryable);
}
