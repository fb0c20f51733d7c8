using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Watching;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Images;

/// <summary>Takes in what workers report of images.</summary>
public sealed partial class ImagesReportedConsumer(
    ImageProgress progress, ImageEnds ends, WorkerHealth health, DispatchSignal dispatch, FarmMeter meter, TimeProvider time, ILogger<ImagesReportedConsumer> logger) : IConsumer<ImagesReported>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ImagesReported> context)
    {
        var (report, cancellationToken, began) = (context.Message, context.CancellationToken, time.GetUtcNow());
        if (report.Rendered.Count > 0)
        {
            var moved = await ends.SucceedAsync(report.WorkerId, report.Rendered, cancellationToken);
            Told("succeeded", report.WorkerId, [.. report.Rendered.Select(image => image.ImageId)], moved);
            var committed = moved.Select(image => image.Id).ToHashSet();
            meter.Succeeded(committed, time.GetUtcNow());
            FarmTraces.Committed(report.Rendered.Select(image => (image.AttemptId, image.TraceParent)), moved, "succeeded", began);
            meter.Rendered(report.WorkerId, new TimeSpan(report.Rendered.Where(image => committed.Contains(image.ImageId)).Sum(image => image.RenderTime.Ticks)));
        }

        IReadOnlyList<ImageFailed> failed = [];
        if (report.Failed.Count > 0)
        {
            var moved = await ends.FailAsync(report.WorkerId, report.Failed, cancellationToken);
            var news = moved.Select(image => image.AttemptId).ToHashSet();
            failed = [.. report.Failed.Where(image => news.Contains(image.AttemptId))];
            foreach (var image in moved)
            {
                var told = report.Failed.First(failed => failed.AttemptId == image.AttemptId);
                meter.Failed(told.Kind, 1);
                LogFailed(image.BatchId, image.Id, image.AttemptId, report.WorkerId, told.TraceParent, image.Is(ImageState.Queued), image.Error);
            }

            FarmTraces.Committed(report.Failed.Select(image => (image.AttemptId, image.TraceParent)), moved, "failed", began);

            Told("failed", report.WorkerId, [.. report.Failed.Select(image => image.ImageId)], moved);
        }

        if (report.Returned.Count > 0)
        {
            Told("returned", report.WorkerId, [.. report.Returned.Select(image => image.ImageId)], await ends.ReturnAsync(report.WorkerId, report.Returned, cancellationToken));
        }

        if (report.Progressed.Count > 0)
        {
            await progress.ReportAsync(report.Progressed, cancellationToken);
        }

        if (report.Rendered.Count + report.Failed.Count > 0)
        {
            await health.JudgeAsync(report.WorkerId, report.Rendered.Count > 0, failed, cancellationToken); // each failure once, however often it is told
        }
    }

    private void Told(string news, string worker, IReadOnlyList<Guid> told, IReadOnlyList<MovedImage> moved)
    {
        meter.Ended(news, moved.Count, told.Count);
        if (moved.Count < told.Count)
        {
            var images = LoggedImages.Text(told.Except(moved.Select(image => image.Id)));
            LogStale(told.Count - moved.Count, told.Count, news, worker, images);
        }

        if (moved.Any(image => image.Is(ImageState.Queued)))
        {
            dispatch.Wake();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Image {ImageId} of batch {BatchId}, attempt {AttemptId} by {WorkerId}, trace {TraceParent}, failed (again later: {Again}): {Reason}")]
    private partial void LogFailed(Guid batchId, Guid imageId, Guid? attemptId, string workerId, string? traceParent, bool again, string? reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ignored {Stale} of {Count} images {News} by {WorkerId}: their attempts are not the current ones or said so before. {Images}")]
    private partial void LogStale(int stale, int count, string news, string workerId, string images);
}

/// <summary>One durable queue for all news of images.</summary>
public sealed class ImagesReportedEndpoint : ConsumerDefinition<ImagesReportedConsumer>
{
    /// <summary>Names the queue.</summary>
    public ImagesReportedEndpoint() => EndpointName = Queues.Images;

    /// <inheritdoc/>
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<ImagesReportedConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false; // sent to the queue
        endpointConfigurator.ConcurrentMessageLimit = 4; // reports of one batch meet at its row
        endpointConfigurator.UseReportRetries();
    }
}
