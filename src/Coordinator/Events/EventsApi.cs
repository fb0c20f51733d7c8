using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Events;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Events;

/// <summary>/v1/events and the events of a batch, as they happen.</summary>
internal static class EventsApi
{
    private const string How =
        "Server-sent events with an EventResponse as data. After a broken connection, go on with the header Last-Event-ID: nothing is left out. "
        + "A listener that is too slow is cut off and goes on likewise. 410 when what comes next is no longer kept. "
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

    private static async Task<Results<EventStreamResult, NotFound, ValidationProblem, ProblemHttpResult>> OfBatch(
        Guid id, [AsParameters] EventQuery query, FarmDb db, EventLog log, EventStream stream, IOptions<EventOptions> options, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        var (after, filter) = (query.Position(errors), query.Filter(ofOneBatch: true, errors));
        if (!errors.IsEmpty)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary());
        }

        if (!await db.Batches.AnyAsync(batch => batch.Id == id, cancellationToken))
        {
            return TypedResults.NotFound();
        }

        return after is { } asked && await log.FaultOfAsync(asked, cancellationToken) is { } fault
            ? Gone(fault, $"GET /v1/batches/{id}")
            : Stream(stream, filter with { BatchId = id }, after ?? default(EventPosition), query.Until is not null, options);
    }

    private static async Task<Results<EventStreamResult, ValidationProblem, ProblemHttpResult>> OfAll(
        [AsParameters] EventQuery query, CurrentOwner owner, EventLog log, EventStream stream, IOptions<EventOptions> options, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        var (after, filter) = (query.Position(errors), query.Filter(ofOneBatch: false, errors));
        if (!errors.IsEmpty)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary());
        }

        return after is { } asked && await log.FaultOfAsync(asked, cancellationToken) is { } fault
            ? Gone(fault, "GET /v1/batches")
            : Stream(stream, filter with { OwnerId = owner.IsAdmin ? null : owner.Id }, after, untilFinished: false, options);
    }

    private static EventStreamResult Stream(EventStream stream, EventFilter filter, EventPosition? after, bool untilFinished, IOptions<EventOptions> options) =>
        new(stream.ReadAsync(filter, after, untilFinished, CancellationToken.None), options.Value.Heartbeat); // the result ends it

    private static ProblemHttpResult Gone(string fault, string state) => TypedResults.Problem(
        $"{fault}: read how things stand with {state}, then listen anew without Last-Event-ID.", statusCode: StatusCodes.Status410Gone, title: "The stream cannot go on from there");
}
