using MassTransit;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Groups;

/// <summary>
/// Takes <see cref="RenderImages"/> from a model's queue. The broker's acknowledgement comes after every image's end was
/// reported: a worker that dies leaves the command to be delivered again, and the one who gets it hands it back.
/// </summary>
public sealed partial class RenderImagesConsumer(
    GroupRunner runner, WorkInHand inHand, TimeProvider time, ILogger<RenderImagesConsumer> logger) : IConsumer<RenderImages>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<RenderImages> context)
    {
        var command = context.Message;
        if (command.Images.Any(image => inHand.Holds(image.AttemptId)))
        {
            LogHeld(command.Model, command.Images[0].AttemptId); // redelivered after a lost connection, while we go on with it
        }
        else if (context.ReceiveContext.Redelivered || command.ExpiresAt <= time.GetUtcNow() || inHand.Stopping.IsCancellationRequested)
        {
            LogHandedBack(command.Model, command.Images.Count, context.ReceiveContext.Redelivered);
            await runner.ReturnAsync(command, context.CancellationToken).ConfigureAwait(false);
        }
        else
        {
            await runner.RunAsync(command, context.CancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Ignored a second delivery for {Model}: attempt {AttemptId} is at work here")]
    private partial void LogHeld(string model, Guid attemptId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Handed back {Count} images for {Model} unrendered (redelivered: {Redelivered})")]
    private partial void LogHandedBack(string model, int count, bool redelivered);
}
