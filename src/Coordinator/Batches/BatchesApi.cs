using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>/v1/batches: what users submit and watch.</summary>
internal static class BatchesApi
{
    private const int PageSize = 20;

    public static void MapBatches(this IEndpointRouteBuilder routes)
    {
        var limits = routes.ServiceProvider.GetRequiredService<IOptions<BatchesOptions>>().Value;
        var batches = routes.MapGroup("/v1/batches").WithTags("Batches").ProducesProblem(StatusCodes.Status503ServiceUnavailable);
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
    }

    private static async Task<Results<Created<BatchResponse>, ValidationProblem>> Submit(
        BatchRequest request, FarmDb db, CatalogReader catalog, BatchResolver resolver, InputStore inputs, BatchStore store, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        var batch = resolver.Resolve(request, await catalog.ReadAsync(request, cancellationToken), errors);
        if (!errors.IsEmpty)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary(), "Nothing was stored; errors names each field that needs a change.");
        }

        await inputs.PutAsync(batch.Inputs, cancellationToken); // before the rows that name them
        return await AddAsync(batch.Images, request.LivePreviews ?? false, null, db, store, cancellationToken);
    }

    private static async Task<Ok<Page<BatchResponse>>> List(
        FarmDb db, [Description("The last batch of the page before.")] Guid? after, CancellationToken cancellationToken)
    {
        var rows = db.Batches.Where(batch => after == null || batch.Id.CompareTo(after.Value) < 0);
        var items = await rows.OrderByDescending(batch => batch.Id).Take(PageSize).ToResponsesAsync(db, cancellationToken);
        return TypedResults.Ok(new Page<BatchResponse>
        {
            Items = items,
            Next = items.Count == PageSize ? $"/v1/batches?after={items[^1].Id}" : null,
        });
    }

    private static async Task<Results<Ok<BatchResponse>, NotFound>> Get(Guid id, FarmDb db, CancellationToken cancellationToken) =>
        await db.Batches.Where(batch => batch.Id == id).ToResponsesAsync(db, cancellationToken) is [var batch]
            ? TypedResults.Ok(batch)
            : TypedResults.NotFound();

    private static async Task<Results<Created<BatchResponse>, NotFound>> Rerun(
        Guid id, FarmDb db, BatchStore store, CancellationToken cancellationToken)
    {
        var images = await db.Images.Where(image => image.BatchId == id)
            .OrderBy(image => image.Index).Select(image => new ResolvedImage(image.Settings, image.GroupKey)).ToListAsync(cancellationToken);
        return images.Count == 0 ? TypedResults.NotFound() : await AddAsync(
            images, await db.Images.AnyAsync(image => image.BatchId == id && image.LivePreview, cancellationToken), id, db, store, cancellationToken);
    }

    private static async Task<Created<BatchResponse>> AddAsync(
        IReadOnlyList<ResolvedImage> images, bool livePreviews, Guid? originId, FarmDb db, BatchStore store, CancellationToken cancellationToken)
    {
        var added = await store.AddAsync(images, livePreviews, originId, cancellationToken);
        // accepted: the answer is due even if the client has gone
        var response = await db.Batches.Where(batch => batch.Id == added.Id).ToResponsesAsync(db, CancellationToken.None);
        return TypedResults.Created(response[0].Url, response[0]);
    }
}
