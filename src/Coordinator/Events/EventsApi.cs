using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Events;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Events;

/// <summary>/v1/events and the events of a batch, as they happen.</summary>
internal static class EventsApi
{
    private const string How =
        "Server-sent events with an EventResponse as data. After a broken connection, go on with the header Last-Event-ID: nothing is left out. "
        + "A listener that is too slow is cut off and goes on likewise. 410 when what comes next is no longer kept; where the id is of a database that was restored since, "
        + "the stream says stream.restarted (a StreamRestarted) and begins anew. 429 when the owner has too many streams open. "
        + "images.progressed is told at most once a second while somebody listens; it is not kept and has no id.";

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        var events = routes.MapGroup("/v1").WithTags("Events").RequireAuthorization(AccessPolicies.Owner).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        RouteHandlerBuilder[] streams =
        [
            events.MapGet("batches/{id:guid}/events", OfBatch).WithName("StreamBatchEvents").WithSummary("What happens to a batch")
                .WithDescription("From its beginning, unless it is told where to go on. " + How).ProducesProblem(StatusCodes.Status404NotFound),
            events.MapGet("events", OfAll).WithName("StreamEvents").WithSummary("What happens to all of the caller's batches")
                .WithDescription("From now on, unless it is told where to go on. " + How),
        ];
        foreach (var stream in streams)
        {
            stream.Produces<EventResponse>(StatusCodes.Status200OK, "text/event-stream").ProducesValidationProblem().ProducesProblem(StatusCodes.Status410Gone);
        }
    }

    private static async Task<IResult> OfBatch(
        Guid id, [AsParameters] EventQuery query, FarmDb db, StreamOpening opening, HttpContext context, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        var (after, filter) = (query.Position(errors), query.Filter(ofOneBatch: true, errors));
        if (!errors.IsEmpty)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary());
        }

        return await db.Batches.AnyAsync(batch => batch.Id == id, cancellationToken)
            ? await opening.OpenAsync(filter with { BatchId = id }, after, query.Until is not null, context)
            : TypedResults.NotFound();
    }

    private static async Task<IResult> OfAll([AsParameters] EventQuery query, CurrentOwner owner, StreamOpening opening, HttpContext context)
    {
        var errors = new RequestErrors();
        var (after, filter) = (query.Position(errors), query.Filter(ofOneBatch: false, errors));
        return errors.IsEmpty
            ? await opening.OpenAsync(filter with { OwnerId = owner.IsAdmin ? null : owner.Id }, after, untilFinished: false, context)
            : TypedResults.ValidationProblem(errors.ToDictionary());
    }
}
