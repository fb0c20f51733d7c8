using Microsoft.Extensions.Options;
using StableDiffusion.Coordinator.Owners.Access;
using StableDiffusion.Coordinator.Owners.Keys;
using StableDiffusion.Coordinator.Owners.Limits;

namespace StableDiffusion.Coordinator.Events;

/// <summary>Opens a stream where its listener left off, or says why that cannot be.</summary>
internal sealed class StreamOpening(EventStream stream, EventLog log, StreamPlaces places, CurrentOwner owner, ApiKeys keys, IOptions<EventOptions> options)
{
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(30);

    /// <summary>The answer to a request for a stream. A batch's begins with the batch, that of all with now.</summary>
    /// <param name="filter">What to hear.</param>
    /// <param name="after">Where to go on; null to begin.</param>
    /// <param name="untilFinished">Whether it ends with the batch.</param>
    /// <param name="context">The request.</param>
    public async Task<IResult> OpenAsync(EventFilter filter, EventPosition? after, bool untilFinished, HttpContext context)
    {
        if (after is { } left && await log.IsForgottenAfterAsync(left, context.RequestAborted))
        {
            var state = filter.BatchId is { } id ? $"/v1/batches/{id}" : "/v1/batches";
            return TypedResults.Problem(
                $"Events after {left} are no longer kept: read how things stand with GET {state}, then listen anew without Last-Event-ID.",
                statusCode: StatusCodes.Status410Gone, title: "The stream cannot go on from there");
        }

        StreamedEvent? first = null;
        if (after is { } asked && await log.IsToComeAsync(asked, context.RequestAborted))
        {
            (first, after) = (StreamedEvent.Restarted(asked), null);
        }

        if (places.TryTake(owner.Id) is not { } place)
        {
            return TypedResults.Problem(TooManyRequests.Problem(
                context, TryAgain, $"You have {options.Value.MaxStreamsPerOwner} streams open, which is the most: close those that nobody reads, or listen to /v1/events once instead of to each batch."));
        }

        EventPosition? beginning = filter.BatchId is null ? null : default(EventPosition);
        var events = stream.ReadAsync(filter, after ?? beginning, untilFinished, CancellationToken.None); // the result ends it
        return new EventStreamResult(events, first, options.Value.Heartbeat, place, token => owner.KeyId is { } key ? keys.IsValidAsync(key, token) : Task.FromResult(true));
    }
}
