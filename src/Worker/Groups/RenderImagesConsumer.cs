using MassTransit;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Groups;

/// <summary>
/// Takes <see cref="RenderImages"/> from a model's queue. The broker's acknowledgement comes after every image's end was
/// reported: a worker that dies leaves the command to be delivered again, and the one who gets it hands it back.
/// </summary>
public sealed class RenderImagesConsumer(GroupIntake intake, WorkInHand inHand) : IConsumer<RenderImages>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<RenderImages> context) =>
        intake.TakeAsync(context.Message, context.ReceiveContext.Redelivered, inHand.Abandoned);
}
