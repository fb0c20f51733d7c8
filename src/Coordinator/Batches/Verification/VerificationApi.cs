using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Verification;
using StableDiffusion.Coordinator.Batches.Fields;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Batches.Verification;

/// <summary>/v1/batches/{id}/verification: whether a rerun drew the same pictures.</summary>
internal static class VerificationApi
{
    private const int DefaultPageSize = 100, MaxPageSize = 1000;

    public static void MapVerification(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/batches/{id:guid}/verification", Verify)
        .WithTags("Batches").RequireAuthorization(AccessPolicies.Owner).WithName("VerifyBatch").WithSummary("Whether a rerun drew the same pictures")
        .WithDescription("Same bytes, or how far off the pixels are and what differed: settings, files, versions, device. Compared when it is asked for. 409 while the rerun is not finished.")
        .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<Results<Ok<VerificationResponse>, NotFound, ValidationProblem, ProblemHttpResult>> Verify(
        Guid id, FarmDb db, RerunVerification verification, CancellationToken cancellationToken,
        [Description("Index of the last image of the page before.")] int after = -1,
        [Description("Images a page, 1 to 1000.")] int limit = DefaultPageSize)
    {
        var errors = new RequestErrors();
        errors.Whole("limit", limit, limit, 1, MaxPageSize);
        if (!errors.IsEmpty)
        {
            return TypedResults.ValidationProblem(errors.ToDictionary());
        }

        if (await db.Batches.AsNoTracking().SingleOrDefaultAsync(batch => batch.Id == id, cancellationToken) is not { } batch)
        {
            return TypedResults.NotFound();
        }

        if (!await db.Images.AnyAsync(image => image.BatchId == id && image.OriginId != null, cancellationToken))
        {
            return Conflict("It is a batch of its own: only a rerun can be compared with its origin.");
        }

        if (batch.FinishedAt is null)
        {
            return Conflict("The batch is not finished: ask again once it is.");
        }

        var (total, same, different) = await verification.CountAsync(id, cancellationToken);
        var items = await verification.CompareAsync(id, after, limit, cancellationToken);
        return TypedResults.Ok(new VerificationResponse
        {
            BatchId = id,
            OriginId = batch.OriginId,
            Total = total,
            Same = same,
            Different = different,
            Missing = total - same - different,
            Items = items,
            Next = items.Count == limit && items[^1].Index < batch.Images - 1 ? $"/v1/batches/{id}/verification?after={items[^1].Index}&limit={limit}" : null,
        });
    }

    private static ProblemHttpResult Conflict(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status409Conflict, title: "There is nothing to compare");
}
