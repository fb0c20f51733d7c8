using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Batches.Fields;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Owners.Access;
using StableDiffusion.Coordinator.Owners.Limits;
using StableDiffusion.Coordinator.Waits;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>/v1/batches: what users submit and watch.</summary>
internal static class BatchesApi
{
    public static void MapBatches(this IEndpointRouteBuilder routes)
    {
        var batches = routes.MapGroup("/v1/batches").WithTags("Batches").RequireAuthorization(AccessPolicies.Owner).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        batches.MapGet("{id:guid}", Get).MayWait().WithName("GetBatch").WithSummary("How far a batch is").ProducesProblem(StatusCodes.Status404NotFound);
        batches.MapPost("{id:guid}/cancel", Cancel).WithName("CancelBatch").WithSummary("Withdraw what is not drawn yet")
            .WithDescription("What is being drawn is stopped between two steps. Pictures that are stored stay.").ProducesProblem(StatusCodes.Status404NotFound);
        batches.MapPost("{id:guid}/retry", Retry).WithName("RetryBatch").WithSummary("Try images that failed again")
            .WithDescription("As if they had never been tried: the dead letters of the batch go back into the backlog; images that are named do so when they were withdrawn, too.").ProducesProblem(StatusCodes.Status404NotFound);
        batches.MapPatch("{id:guid}", Change).WithName("ChangeBatch").WithSummary("Change priority, pause or resume")
            .WithDescription("Counts at once for all that is not handed to the broker.").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<BatchResponse>, NotFound>> Get(Guid id, FarmDb db, WaitReasons waits, CancellationToken cancellationToken) =>
        await db.Batches.Where(batch => batch.Id == id).ToResponsesAsync(db, cancellationToken) is [var batch]
            ? TypedResults.Ok(batch.Counts.Queued > 0 ? batch with { Waiting = await waits.OfBatchAsync(id, cancellationToken) } : batch)
            : TypedResults.NotFound();

    private static async Task<Results<Ok<BatchResponse>, NotFound, ValidationProblem>> Cancel(
        Guid id, [FromBody] ImageSelection? selection, FarmDb db, BatchActions actions, ImageSelector selector, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        if (await selector.FindAsync(id, selection?.Images, errors, cancellationToken) is { } images)
        {
            if (!errors.IsEmpty)
            {
                return await db.Batches.AnyAsync(batch => batch.Id == id, cancellationToken) ? Unchanged(errors) : TypedResults.NotFound();
            }

            await actions.CancelImagesAsync(id, images, cancellationToken);
        }
        else if (!await actions.CancelAsync(id, cancellationToken))
        {
            return TypedResults.NotFound();
        }

        return await AnswerAsync(id, db);
    }

    private static async Task<Results<Ok<BatchResponse>, NotFound, ValidationProblem>> Retry(
        Guid id, [FromBody] ImageSelection? selection, FarmDb db, BatchActions actions, ImageSelector selector, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        var images = await selector.FindAsync(id, selection?.Images, errors, cancellationToken);
        if (!errors.IsEmpty)
        {
            return await db.Batches.AnyAsync(batch => batch.Id == id, cancellationToken) ? Unchanged(errors) : TypedResults.NotFound();
        }

        await actions.ReplayAsync(id, images, cancellationToken);
        return await AnswerAsync(id, db);
    }

    private static async Task<Results<Ok<BatchResponse>, NotFound, ValidationProblem>> Change(
        Guid id, BatchChange change, FarmDb db, BatchActions actions, CurrentOwner owner, Quotas quotas, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        var priority = errors.Whole("priority", change.Priority, 0, -Heading.MaxPriority, Heading.MaxPriority, " (higher goes first)");
        if (!errors.IsEmpty)
        {
            return Unchanged(errors);
        }

        if (change.Priority is not null && !owner.IsAdmin)
        {
            await quotas.CheckPriorityAsync(owner.Id, priority, cancellationToken);
        }

        var found = (change.Priority is null || await actions.PrioritizeAsync(id, priority, cancellationToken))
            && (change.Paused is not { } paused || await actions.PauseAsync(id, paused, cancellationToken));
        return found ? await AnswerAsync(id, db) : TypedResults.NotFound();
    }

    private static ValidationProblem Unchanged(RequestErrors errors) => TypedResults.ValidationProblem(errors.ToDictionary(), "Nothing was changed.");

    // done: the answer is due even if the client has gone
    private static async Task<Results<Ok<BatchResponse>, NotFound, ValidationProblem>> AnswerAsync(Guid id, FarmDb db) =>
        await db.Batches.Where(batch => batch.Id == id).ToResponsesAsync(db, CancellationToken.None) is [var batch] ? TypedResults.Ok(batch) : TypedResults.NotFound();
}
