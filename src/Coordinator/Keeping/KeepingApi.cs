using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Keeping;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>What is to go, and what the object store and the rows say of each other.</summary>
internal static class KeepingApi
{
    public static void MapKeeping(this IEndpointRouteBuilder routes)
    {
        var own = routes.MapGroup("/v1").RequireAuthorization(AccessPolicies.Owner).ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .ProducesProblem(StatusCodes.Status404NotFound);
        own.MapDelete("batches/{id:guid}", DeleteBatch).WithName("DeleteBatch").WithTags("Batches").WithSummary("Delete a batch, its images and pictures")
            .WithDescription("What is not drawn yet is withdrawn first. The pictures leave the object store soon after.");
        own.MapDelete("images/{id:guid}/content", DeletePicture).WithName("DeleteImageContent").WithTags("Images").WithSummary("Delete an image's picture")
            .WithDescription("The image's row stays, so that it can be drawn again. 409 while there is no picture: withdraw the image instead.")
            .ProducesProblem(StatusCodes.Status409Conflict);

        var sweeps = routes.MapGroup("/v1/sweeps").WithTags("Sweeps").RequireAuthorization(AccessPolicies.Admin).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        sweeps.MapGet("", (Sweeps found, CancellationToken cancellationToken) => found.ListAsync(cancellationToken))
            .WithName("ListSweeps").WithSummary("What the last sweeps of the object store found, newest first");
        sweeps.MapPost("", Run).WithName("Sweep").WithSummary("Sweep the object store now")
            .WithDescription("Removes objects that no row names and that are older than Keeping:SweepGrace; tells of pictures that rows name and the store has lost.")
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<NoContent, NotFound>> DeleteBatch(Guid id, Deletions deletions, CancellationToken cancellationToken) =>
        await deletions.DeleteBatchAsync(id, cancellationToken) ? TypedResults.NoContent() : TypedResults.NotFound();

    private static async Task<Results<NoContent, NotFound, ProblemHttpResult>> DeletePicture(Guid id, FarmDb db, Deletions deletions, CancellationToken cancellationToken) =>
        await deletions.DeletePictureAsync(id, cancellationToken) ? TypedResults.NoContent()
        : await db.Images.AnyAsync(image => image.Id == id, cancellationToken)
            ? TypedResults.Problem($"GET /v1/images/{id} tells why.", statusCode: StatusCodes.Status409Conflict, title: "There is no picture")
            : TypedResults.NotFound();

    private static async Task<Results<Ok<SweepReport>, ProblemHttpResult>> Run(Sweeps sweeps, CancellationToken cancellationToken) =>
        await sweeps.RunAsync(cancellationToken) is { } report
            ? TypedResults.Ok(report)
            : TypedResults.Problem("Ask GET /v1/sweeps for what it found.", statusCode: StatusCodes.Status409Conflict, title: "A sweep is under way");
}
