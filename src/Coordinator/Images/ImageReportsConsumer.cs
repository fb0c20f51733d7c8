using MassTransit;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images.Lifecycle;

namespace StableDiffusion.Coordinator.Images;

/// <summary>Takes in what workers report of images. An end of an image makes room, so the dispatcher is woken.</summary>
public sealed partial class ImageReportsConsumer(ImageProgress progress, ImageEnds ends, DispatchSignal dispatch, ILogger<ImageReportsConsumer> logger)
    : IConsumer<ImageStarted>, IConsumer<ImageProgressed>, IConsumer<ImageRendered>, IConsumer<ImageFailed>, IConsumer<ImageReturned>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ImageStarted> context)
    {
        var report = context.Message;
        Log(await progress.StartAsync(report, context.CancellationToken), "started", report.ImageId, report.AttemptId, report.WorkerId);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<ImageProgressed> context) =>
        progress.ProgressAsync(context.Message, context.CancellationToken);

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ImageRendered> context)
    {
        var report = context.Message;
        Log(await ends.SucceedAsync(report, context.CancellationToken), "rendered", report.ImageId, report.AttemptId, report.WorkerId);
        dispatch.Wake();
    }

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ImageFailed> context)
    {
        var report = context.Message;
        LogFailure(report.ImageId, report.AttemptId, report.WorkerId, report.Reason, report.Retryable);
        Log(await ends.FailAsync(report, context.CancellationToken), "failed", report.ImageId, report.AttemptId, report.WorkerId);
        dispatch.Wake();
    }

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ImageReturned> context)
    {
        var report = context.Message;
        Log(await ends.ReturnAsync(report, context.CancellationToken), "returned", report.ImageId, report.AttemptId, report.WorkerId);
        dispatch.Wake();
    }

    private void Log(bool taken, string news, Guid imageId, Guid attemptId, string workerId)
    {
        if (taken)
        {
            LogTaken(imageId, news, attemptId, workerId);
        }
        else
        {
            LogStale(imageId, news, attemptId, workerId);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Image {ImageId} {News}, attempt {AttemptId} by {WorkerId}")]
    private partial void LogTaken(Guid imageId, string news, Guid attemptId, string workerId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ignored: image {ImageId} {News}, attempt {AttemptId} by {WorkerId} is not its current one or said so before")]
    private partial void LogStale(Guid imageId, string news, Guid attemptId, string workerId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Image {ImageId}, attempt {AttemptId} by {WorkerId} failed: {Reason} (retryable: {Retryable})")]
    private partial void LogFailure(Guid imageId, Guid attemptId, string workerId, string reason, bool retryable);
}

/// <summary>One durable queue for all news of images, so that an image's reports stay roughly in order.</summary>
public sealed class ImageReportsEndpoint : ConsumerDefinition<ImageReportsConsumer>
{
    /// <summary>Names the queue "coordinator.images".</summary>
    public ImageReportsEndpoint() => EndpointName = "coordinator.images";

    /// <inheritdoc/>
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<ImageReportsConsumer> consumerConfigurator, IRegistrationContext context) =>
        endpointConfigurator.UseReportRetries();
}
