using MassTransit;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Groups;

/// <summary>
/// Takes <see cref="RenderImages"/> from a model's queue. The broker's acknowledgement comes once the coordinator has answered
/// the claim: from then on its rows say whose the images are, and a worker that dies is found out by its silence.
/// </summary>
public sealed partial class RenderImagesConsumer(GroupIntake intake, ILogger<RenderImagesConsumer> logger) : IConsumer<RenderImages>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<RenderImages> context)
    {
        var command = context.Message;
        try
        {
            // what was for this worker alone the coordinator takes back when it sees that it takes nothing more
            if (!await intake.TakeAsync(command, context.CancellationToken).ConfigureAwait(false) && command.WorkerId is null)
            {
                // another copy is worth nothing, whoever claims first has it; so it may be sent before this one is acknowledged
                await context.Forward(new Uri($"queue:{Queues.Render(command.Model)}")).ConfigureAwait(false);
                LogPassedOn(command.Images.Count, command.Model);
            }
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            // The connection is lost, and comes back only when nobody waits within its deliveries. The broker delivers the command again.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Left {Count} images of {Model} to other workers: this one takes nothing more")]
    private partial void LogPassedOn(int count, string model);
}
