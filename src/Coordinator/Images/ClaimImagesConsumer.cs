using MassTransit;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Watching;

namespace StableDiffusion.Coordinator.Images;

/// <summary>Answers workers that ask what they may draw. What they take out of the queue makes room in it, so the dispatcher is woken.</summary>
public sealed partial class ClaimImagesConsumer(ImageClaims claims, DispatchSignal dispatch, FarmMeter meter, TimeProvider time, ILogger<ClaimImagesConsumer> logger) : IConsumer<ClaimImages>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ClaimImages> context)
    {
        var claim = context.Message;
        var granted = await claims.ClaimAsync(claim, context.CancellationToken);
        await context.RespondAsync(new ImagesClaimed { Granted = granted });
        meter.Claimed([.. claim.Attempts.Where(attempt => granted.Contains(attempt.AttemptId)).Select(attempt => attempt.ImageId)], claim.Attempts.Count, time.GetUtcNow());
        if (granted.Count < claim.Attempts.Count)
        {
            var images = LoggedImages.Text(claim.Attempts.Where(attempt => !granted.Contains(attempt.AttemptId)).Select(attempt => attempt.ImageId));
            LogRefused(claim.Attempts.Count - granted.Count, claim.Attempts.Count, claim.WorkerId, images);
        }

        dispatch.Wake();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Refused {Refused} of {Count} attempts to {WorkerId}: cancelled, superseded or another's. {Images}")]
    private partial void LogRefused(int refused, int count, string workerId, string images);
}

/// <summary>A queue of its own, so that a worker with free hands never waits behind a burst of reports.</summary>
public sealed class ClaimImagesEndpoint : ConsumerDefinition<ClaimImagesConsumer>
{
    /// <summary>Names the queue.</summary>
    public ClaimImagesEndpoint() => EndpointName = Queues.Claims;

    /// <inheritdoc/>
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<ClaimImagesConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false; // sent to the queue
        endpointConfigurator.ConcurrentMessageLimit = 8;
        endpointConfigurator.UseReportRetries();
    }
}
