using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Worker.Reports;
using StableDiffusion.Worker.Watching;

namespace StableDiffusion.Worker.Groups;

/// <summary>Takes commands up: waits until there is room for another group, claims its images, and begins what is granted.</summary>
public sealed partial class GroupIntake(GroupRunner runner, ImageClaims claims, GroupPlaces places, WorkInHand inHand, ImagesReporter reporter, ILogger<GroupIntake> logger)
{
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromSeconds(2);

    /// <summary>Returns when the group is in hand, whose work goes on by itself, or when there is nothing to do about it.</summary>
    /// <param name="command">The group.</param>
    /// <param name="cancellationToken">Ends with the delivery.</param>
    /// <returns>False when the worker takes nothing more: the command is for another.</returns>
    /// <exception cref="OperationCanceledException">The delivery ended; the broker will deliver the command again.</exception>
    public async Task<bool> TakeAsync(RenderImages command, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        var refusing = inHand.Refusing;
        try
        {
            return await TakeAsync(command, refusing, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (refusing.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<bool> TakeAsync(RenderImages command, CancellationToken refusing, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(refusing, cancellationToken);
        var place = await places.TakeAsync(command.Alone, waiting.Token).ConfigureAwait(false);
        try
        {
            if (await ClaimAsync(command, refusing, cancellationToken).ConfigureAwait(false) is { } group)
            {
                inHand.Keep(RunAsync(group, place));
                place = null;
            }

            return true;
        }
        finally
        {
            place?.Dispose();
        }
    }

    /// <summary>What was granted; null when that is nothing.</summary>
    private async Task<GroupInHand?> ClaimAsync(RenderImages command, CancellationToken refusing, CancellationToken cancellationToken)
    {
        // a command is delivered again when the connection was lost before the broker had the acknowledgement
        var images = command.Images.Where(image => !inHand.Holds(image.AttemptId)).ToList();
        if (images.Count == 0)
        {
            return null;
        }

        // one that was asked may be granted already: its answer is worth some waiting
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var drain = refusing.Register(() => asking.CancelAfter(LongestAnswer)).ConfigureAwait(false);
        var asked = DateTimeOffset.UtcNow;
        List<AttemptReference> attempts = [.. images.Select(image => new AttemptReference(image.ImageId, image.AttemptId))];
        IReadOnlySet<Guid> granted;
        try
        {
            granted = await claims.AskAsync(attempts, asking.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            attempts.ForEach(reporter.Returned); // granted, perhaps, and then nobody else may draw them
            inHand.Keep(reporter.FlushAsync());
            throw;
        }

        images.RemoveAll(image => !granted.Contains(image.AttemptId));
        WorkerTraces.Claimed(images, claims.WorkerId, asked);
        LogClaimed(images.Count, command.Images.Count, command.Model);
        return images.Count == 0 ? null : inHand.Take(command, images);
    }

    private async Task RunAsync(GroupInHand group, GroupPlaces.Place place)
    {
        try
        {
            await runner.RunAsync(group, place.Drawn).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (inHand.Abandoned.IsCancellationRequested)
        {
            // what was not reported in time, the coordinator gives to others
        }
        catch (Exception error) // nobody waits for it
        {
            LogLost(error, group.Images.Count, group.Model, error.Message);
        }
        finally
        {
            inHand.Drop(group);
            place.Dispose();
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Was granted {Granted} of {Count} images of {Model}")]
    private partial void LogClaimed(int granted, int count, string model);

    [LoggerMessage(Level = LogLevel.Error, Message = "A group of {Count} images of {Model} is forgotten; the coordinator has them drawn elsewhere: {Reason}")]
    private partial void LogLost(Exception error, int count, string model, string reason);
}
