using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Images;

/// <summary>/v1/images/{id}: what owners do to one image, and what was tried.</summary>
internal static class ImageActionsApi
{
    public static void MapImageActions(this IEndpointRouteBuilder routes)
    {
        var images = routes.MapGroup("/v1/images/{id:guid}").WithTags("Images").RequireAuthorization(AccessPolicies.Owner)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        images.MapPost("cancel", Cancel).WithName("CancelImage").WithSummary("Withdraw an image that is not drawn yet");
        images.MapPost("retry", Retry).WithName("RetryImage").WithSummary("Try an image that failed, or was withdrawn, again")
            .WithDescription("As if it had never been tried.");
        images.MapGet("attempts", Attempts).WithName("ListAttempts").WithSummary("Every try at an image, in order")
            .WithDescription("Why a dead letter is one: each attempt with its worker, its end and the reason; last the one under way.");
    }

    private static Task<Results<Ok<ImageResponse>, NotFound>> Cancel(Guid id, FarmDb db, BatchActions actions, CancellationToken cancellationToken) =>
        ActAsync(id, db, batch => actions.CancelImagesAsync(batch, [id], cancellationToken), cancellationToken);

    private static Task<Results<Ok<ImageResponse>, NotFound>> Retry(Guid id, FarmDb db, BatchActions actions, CancellationToken cancellationToken) =>
        ActAsync(id, db, batch => actions.ReplayAsync(batch, [id], cancellationToken), cancellationToken);

    private static async Task<Results<Ok<ImageResponse>, NotFound>> ActAsync(Guid id, FarmDb db, Func<Guid, Task> act, CancellationToken cancellationToken)
    {
        var batch = await db.Images.Where(image => image.Id == id).Select(image => (Guid?)image.BatchId).SingleOrDefaultAsync(cancellationToken);
        if (batch is null)
        {
            return TypedResults.NotFound();
        }

        await act(batch.Value);
        // done: the answer is due even if the client has gone
        return await db.Images.Where(image => image.Id == id).ToResponsesAsync(db, CancellationToken.None) is [var response] ? TypedResults.Ok(response) : TypedResults.NotFound();
    }

    private static async Task<Results<Ok<List<AttemptResponse>>, NotFound>> Attempts(Guid id, FarmDb db, CancellationToken cancellationToken)
    {
        // before its history, so that an attempt that ends meanwhile is in one of them
        if (await db.Images.AsNoTracking().SingleOrDefaultAsync(image => image.Id == id, cancellationToken) is not { } image)
        {
            return TypedResults.NotFound();
        }

        var attempts = await db.Attempts.AsNoTracking().Where(attempt => attempt.ImageId == id).OrderBy(attempt => attempt.Number).ToListAsync(cancellationToken);
        var responses = attempts.ConvertAll(attempt => new AttemptResponse
        {
            Id = attempt.Id,
            Number = attempt.Number,
            Outcome = StateNames<AttemptOutcome>.Name(attempt.Outcome),
            WorkerId = attempt.WorkerId,
            DispatchedAt = attempt.DispatchedAt,
            StartedAt = attempt.StartedAt,
            FinishedAt = attempt.FinishedAt,
            Error = attempt.Error,
        });
        if (image is { AttemptId: { } current, DispatchedAt: { } dispatchedAt } && !attempts.Exists(attempt => attempt.Id == current))
        {
            responses.Add(new AttemptResponse
            {
                Id = current,
                Number = image.Attempts,
                Outcome = StateNames<ImageState>.Name(image.State),
                WorkerId = image.WorkerId,
                DispatchedAt = dispatchedAt,
                StartedAt = image.StartedAt,
            });
        }

        return TypedResults.Ok(responses);
    }
}
