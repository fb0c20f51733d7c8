using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Messages;

namespace StableDiffusion.Worker.Groups;

/// <summary>
/// Decides what becomes of a command: a fresh one is rendered; one that another worker may have begun (redelivered), that came
/// too late, or that meets a worker on its way out is handed back; one that is at work here already means nothing.
/// </summary>
public sealed partial class GroupIntake(GroupRunner runner, WorkInHand inHand, TimeProvider time, ILogger<GroupIntake> logger)
{
    /// <summary>Returns when every image of the command has its end, and the broker the reports.</summary>
    public Task TakeAsync(RenderImages command, bool redelivered, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (command.Images.Any(image => inHand.Holds(image.AttemptId)))
        {
            LogHeld(command.Model, command.Images[0].AttemptId); // delivered again after a lost connection, while we go on
            return Task.CompletedTask;
        }
        if (redelivered || command.ExpiresAt <= time.GetUtcNow() || inHand.Stopping.IsCancellationRequested)
        {
            LogHandedBack(command.Images.Count, command.Model, redelivered);
            return runner.ReturnAsync(command, cancellationToken);
        }
        return runner.RunAsync(command, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Ignored a second delivery for {Model}: attempt {AttemptId} is at work here")]
    private partial void LogHeld(string model, Guid attemptId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Handed back {Count} images of {Model} unrendered (redelivered: {Redelivered})")]
    private partial void LogHandedBack(int count, string model, bool redelivered);
}
