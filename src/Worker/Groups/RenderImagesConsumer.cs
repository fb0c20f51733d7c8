using MassTransit;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Groups;

/// <summary>
/// Takes <see cref="RenderImages"/> from a model's queue. The broker's acknowledgement comes after every image's end was
/// reported: a worker that dies leaves the command to be delivered again, and the one who gets it hands it back.
/// </summary>
public sealed partial class RenderImagesConsumer(GroupIntake intake, WorkInHand inHand, ILogger<RenderImagesConsumer> logger) : IConsumer<RenderImages>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<RenderImages> context)
    {
        var work = intake.TakeAsync(context.Message, context.ReceiveContext.Redelivered, inHand.Abandoned);
        try
        {
            await work.WaitAsync(context.CancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested && !work.IsCompleted)
        {
            // The connection is lost, and comes back only when nobody waits within its deliveries. The work goes on by itself;
            // the broker's second delivery will find it in hand.
            LogDetached(context.Message.Model, context.Message.Images.Count);
            inHand.Keep(work);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The broker is lost; {Count} images of {Model} are finished all the same and reported when it is back")]
    private partial void LogDetached(string model, int count);
}
