using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Search;

/// <summary>Lists of batches and images over all batches, newest first, page after page by the last item's place, so that what is added meanwhile
/// shifts nothing.</summary>
internal static class SearchApi
{
    private const int DefaultBatches = 20, MaxBatches = 100, DefaultImages = 100, MaxImages = 1000;

    public static void MapSearch(this IEndpointRouteBuilder routes)
    {
        var search = routes.MapGroup("/v1").RequireAuthorization(AccessPolicies.Owner).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        search.MapGet("batches", Batches).WithName("ListBatches").WithTags("Batches").WithSummary("List or search batches, newest first")
            .WithDescription("With seed, state, model or q: those of which at least one image matches.").ProducesValidationProblem();
        search.MapGet("images", Images).WithName("SearchImages").WithTags("Images").WithSummary("Search images of all batches, newest first").ProducesValidationProblem();
    }

    private static async Task<Results<Ok<Page<BatchResponse>>, ValidationProblem>> Batches(
        [AsParameters] SearchQuery query, FarmDb db, CurrentOwner owner, CancellationToken cancellationToken,
        [Description("The last batch of the page before.")] Guid? after = null,
        [Description("Batches a page, 1 to 100.")] int limit = DefaultBatches)
    {
        if (query.Faults(limit, MaxBatches) is { Count: > 0 } faults)
        {
            return TypedResults.ValidationProblem(faults);
        }

        var items = await db.Batches.Of(owner).Where(batch => after == null || batch.Id.CompareTo(after.Value) < 0).Matching(query, db)
            .OrderByDescending(batch => batch.Id).Take(limit).ToResponsesAsync(db, cancellationToken);
        return TypedResults.Ok(new Page<BatchResponse> { Items = items, Next = items.Count == limit ? query.Next("/v1/batches", $"{items[^1].Id}", limit) : null });
    }

    private static async Task<Results<Ok<Page<ImageResponse>>, ValidationProblem>> Images(
        [AsParameters] SearchQuery query, FarmDb db, CurrentOwner owner, CancellationToken cancellationToken,
        [Description("The place of the last image of the page before, from its next.")] long? after = null,
        [Description("Images a page, 1 to 1000.")] int limit = DefaultImages)
    {
        if (query.Faults(limit, MaxImages) is { Count: > 0 } faults)
        {
            return TypedResults.ValidationProblem(faults);
        }

        var places = await db.Images.Of(owner, db).Where(image => after == null || image.Position < after).Matching(query, db)
            .OrderByDescending(image => image.Position).Take(limit).Select(image => image.Position).ToListAsync(cancellationToken);
        var items = await db.Images.Where(image => places.Contains(image.Position)).OrderByDescending(image => image.Position).ToResponsesAsync(db, cancellationToken);
        return TypedResults.Ok(new Page<ImageResponse>
        {
            Items = items,
            Next = places.Count == limit ? query.Next("/v1/images", places[^1].ToString(CultureInfo.InvariantCulture), limit) : null,
        });
    }
}
