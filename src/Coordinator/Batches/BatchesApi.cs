using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Batches.Fields;
using StableDiffusion.Coordinator.Inputs;
using StableDiffusion.Coordinator.Owners.Access;
using StableDiffusion.Coordinator.Owners.Limits;
using StableDiffusion.Coordinator.Waits;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>/v1/batches: what users submit and watch.</summary>
internal static class BatchesApi
{
    private const int PageSize = 20;

    public static void MapBatches(this IEndpointRouteBuilder routes)
    {
        var limits = routes.ServiceProvider.GetRequiredService<IOptions<BatchesOptions>>().Value;
        var batches = routes.MapGroup("/v1/batches").WithTags("Batches").RequireAuthorization(AccessPolicies.Owner).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        batches.MapPost("", Submit).WithName("SubmitBatch").WithSummary("Submit a batch").WithDescription(
            "Every prompt with every seed, prompts outermost. Random seeds and defaults are resolved now and stored, so that a rerun draws the same pictures. "
            + "Pictures that come with the request are kept by their content's hash, which the settings name.")
            .WithMetadata(new RequestSizeLimitAttribute(limits.MaxBytes))
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status500InternalServerError);
        batches.MapGet("", List).WithName("ListBatches").WithSummary("List batches, newest first").ProducesValidationProblem();
        batches.MapGet("{id:guid}", Get).WithName("GetBatch").WithSummary("How far a batch is").ProducesProblem(StatusCodes.Status404NotFound);
        batches.MapPost("{id:guid}/rerun", Rerun).WithName("RerunBatch").WithSummary("Draw a batch again").WithDescription(
            "A new batch with the same resolved settings, linked to its origin. The same worker build and device give the same bytes.")
            .ProducesProblem(StatusCodes.Status404NotFound);
        batches.MapPost("{id:guid}/cancel", Cancel).WithName("CancelBatch").WithSummary("Withdraw what is not drawn yet")
            .WithDescription("What is being drawn is stopped between two steps. Pictures that are stored stay.").ProducesProblem(StatusCodes.Status404NotFound);
        batches.MapPost("{id:guid}/retry", Retry).WithName("RetryBatch").WithSummary("Try images that failed again")
            .WithDescription("As if they had never been tried: the dead letters of the batch go back into the backlog.").ProducesProblem(StatusCodes.Status404NotFound);
        batches.MapPatch("{id:guid}", Change).WithName("ChangeBatch").WithSummary("Change priority, pause or resume")
            .WithDescription("Counts at once for all that is not handed to the broker.").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Created<BatchResponse>, ValidationProblem>> Submit(
        BatchRequest request, FarmDb db, CatalogReader catalog, BatchResolver resolver, InputStore inputs, BatchStore store, CurrentOwner owner, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        var batch = resolver.Resolve(request, await catalog.ReadAsync(request, cancellationToken), errors);
        var head = Heading.Resolve(request, time.GetUtcNow(), errors);
        if (!errors.IsEmpty)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary(), "Nothing was stored; errors names each field that needs a change.");
        }

        await inputs.PutAsync(batch.Inputs, cancellationToken); // before the rows that name them
        return await AddAsync(head with { OwnerId = owner.Id }, batch, db, store, cancellationToken);
    }

    private static async Task<Ok<Page<BatchResponse>>> List(
        FarmDb db, CurrentOwner owner, [Description("The last batch of the page before.")] Guid? after, CancellationToken cancellationToken)
    {
        var rows = db.Batches.Of(owner).Where(batch => after == null || batch.Id.CompareTo(after.Value) < 0);
        var items = await rows.OrderByDescending(batch => batch.Id).Take(PageSize).ToResponsesAsync(db, cancellationToken);
        return TypedResults.Ok(new Page<BatchResponse>
        {
            Items = items,
            Next = items.Count == PageSize ? $"/v1/batches?after={items[^1].Id}" : null,
        });
    }

    private static async Task<Results<Ok<BatchResponse>, NotFound>> Get(Guid id, FarmDb db, WaitReasons waits, CancellationToken cancellationToken) =>
        await db.Batches.Where(batch => batch.Id == id).ToResponsesAsync(db, cancellationToken) is [var batch]
            ? TypedResults.Ok(batch.Counts.Queued > 0 ? batch with { Waiting = await waits.OfBatchAsync(id, cancellationToken) } : batch)
            : TypedResults.NotFound();

    private static async Task<Results<Created<BatchResponse>, NotFound>> Rerun(
        Guid id, FarmDb db, BatchOrigin origins, BatchStore store, CurrentOwner owner, CancellationToken cancellationToken)
    {
        var origin = await db.Batches.AsNoTracking().SingleOrDefaultAsync(batch => batch.Id == id, cancellationToken);
        return origin is not null && await origins.ReadAsync(id, cancellationToken) is { } images
            ? await AddAsync(
                new BatchHead { OwnerId = owner.Id, OriginId = id, Name = origin.Name, Tags = origin.Tags, Priority = origin.Priority, LivePreview = origin.LivePreview },
                images, db, store, cancellationToken)
            : TypedResults.NotFound();
    }

    private static async Task<Results<Ok<BatchResponse>, NotFound>> Cancel(Guid id, FarmDb db, WaitReasons waits, BatchActions actions, CancellationToken cancellationToken) =>
        await actions.CancelAsync(id, cancellationToken) ? await Get(id, db, waits, CancellationToken.None) : TypedResults.NotFound();

    private static async Task<Results<Ok<BatchResponse>, NotFound>> Retry(Guid id, FarmDb db, WaitReasons waits, BatchActions actions, CancellationToken cancellationToken)
    {
        await actions.ReplayAsync(id, null, cancellationToken);
        return await Get(id, db, waits, CancellationToken.None);
    }

    private static async Task<Results<Ok<BatchResponse>, NotFound, ValidationProblem>> Change(
        Guid id, BatchChange change, FarmDb db, BatchActions actions, CurrentOwner owner, Quotas quotas, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        var priority = errors.Whole("priority", change.Priority, 0, -Heading.MaxPriority, Heading.MaxPriority, " (higher goes first)");
        if (!errors.IsEmpty)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary(), "Nothing was changed.");
        }

        if (change.Priority is not null && !owner.IsAdmin)
        {
            await quotas.CheckPriorityAsync(owner.Id, priority, cancellationToken);
        }

        var found = (change.Priority is null || await actions.PrioritizeAsync(id, priority, cancellationToken))
            && (change.Paused is not { } paused || await actions.PauseAsync(id, paused, cancellationToken));
        return found && await db.Batches.Where(batch => batch.Id == id).ToResponsesAsync(db, CancellationToken.None) is [var batch]
            ? TypedResults.Ok(batch)
            : TypedResults.NotFound();
    }

    private static async Task<Created<BatchResponse>> AddAsync(BatchHead head, ResolvedBatch batch, FarmDb db, BatchStore store, CancellationToken cancellationToken)
    {
        var added = await store.AddAsync(head, batch, cancellationToken);
        // accepted: the answer is due even if the client has gone
        var response = await db.Batches.Where(row => row.Id == added.Id).ToResponsesAsync(db, CancellationToken.None);
        return TypedResults.Created(response[0].Url, response[0]);
    }
}
