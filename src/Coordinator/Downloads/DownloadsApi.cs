using System.ComponentModel;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Owners.Access;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Downloads;

/// <summary>Pictures by the armful, and without the coordinator in between.</summary>
internal static class DownloadsApi
{
    private const int LongestSeconds = 7 * 24 * 3600; // S3 signs for no longer

    public static void MapDownloads(this IEndpointRouteBuilder routes)
    {
        var downloads = routes.MapGroup("/v1").WithTags("Images").RequireAuthorization(AccessPolicies.Owner).ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .ProducesProblem(StatusCodes.Status404NotFound);
        downloads.MapGet("batches/{id:guid}/archive", Archive).WithName("GetBatchArchive").WithSummary("A batch's pictures as a ZIP")
            .WithDescription("Those that are stored now, in order, under the names they have in the bucket.").Produces<Stream>(StatusCodes.Status200OK, "application/zip");
        downloads.MapGet("images/{id:guid}/url", Url).WithName("GetImageUrl").WithSummary("Where to read the PNG without a key, for a while")
            .WithDescription("A URL that the object store has signed; where the farm keeps pictures in a folder, this API's own.")
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<PushStreamHttpResult, NotFound>> Archive(Guid id, FarmDb db, BatchArchive archive, HttpContext context, CancellationToken cancellationToken)
    {
        if (!await db.Batches.AnyAsync(batch => batch.Id == id, cancellationToken))
        {
            return TypedResults.NotFound();
        }

        if (context.Features.Get<IHttpBodyControlFeature>() is { } body)
        {
            body.AllowSynchronousIO = true; // some bytes at an entry's end, which ZipArchive writes in no other way
        }

        return TypedResults.Stream(output => archive.WriteAsync(id, output, cancellationToken), "application/zip", $"{id}.zip");
    }

    private static async Task<Results<Ok<ImageUrl>, NotFound, ValidationProblem, ProblemHttpResult>> Url(
        Guid id, FarmDb db, IObjectStore objects, TimeProvider time, CancellationToken cancellationToken,
        [FromQuery(Name = "valid_for"), Description("Seconds it shall be good for, 1 to 604800.")] int validFor = 3600)
    {
        if (validFor is < 1 or > LongestSeconds)
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["valid_for"] = [$"{validFor} is out of range: give 1 to {LongestSeconds} seconds."] });
        }

        var image = await db.Images.Where(image => image.Id == id).Select(image => new { image.State, image.ObjectKey, image.DeletedAt }).SingleOrDefaultAsync(cancellationToken);
        if (image is null)
        {
            return TypedResults.NotFound();
        }

        if (image is not { State: ImageState.Succeeded, ObjectKey: { } key, DeletedAt: null })
        {
            return TypedResults.Problem($"GET /v1/images/{id} tells why.", statusCode: StatusCodes.Status409Conflict, title: "There is no picture");
        }

        var signed = await objects.PresignAsync(key, TimeSpan.FromSeconds(validFor));
        return TypedResults.Ok(new ImageUrl
        {
            Url = signed?.ToString() ?? $"/v1/images/{id}/content",
            ExpiresAt = signed is null ? null : time.GetUtcNow().AddSeconds(validFor),
        });
    }
}
