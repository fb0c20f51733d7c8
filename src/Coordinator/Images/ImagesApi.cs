using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Downloads;
using StableDiffusion.Coordinator.Owners.Access;
using StableDiffusion.Coordinator.Waits;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Images;

/// <summary>/v1/images and the images of a batch.</summary>
internal static class ImagesApi
{
    private const int DefaultPageSize = 100;
    private const int MaxPageSize = 1000;

    public static void MapImages(this IEndpointRouteBuilder routes)
    {
        var images = routes.MapGroup("/v1").WithTags("Images").RequireAuthorization(AccessPolicies.Owner).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        images.MapGet("batches/{id:guid}/images", List).WithName("ListImages").WithSummary("List a batch's images in order")
            .ProducesProblem(StatusCodes.Status404NotFound);
        images.MapGet("images/{id:guid}", Get).WithName("GetImage").WithSummary("One image").WithDescription("Why it waits, too, and when its turn comes, as long as it does.").ProducesProblem(StatusCodes.Status404NotFound);
        images.MapGet("images/{id:guid}/content", Content).WithName("GetImageContent").WithSummary("The PNG")
            .WithDescription("With A1111's parameters and the manifest as text chunks. 409 while there is no picture yet. With Range, one part of it; 416 beyond its end, which Content-Range tells.")
            .Produces<Stream>(StatusCodes.Status200OK, "image/png").Produces<Stream>(StatusCodes.Status206PartialContent, "image/png").Produces(StatusCodes.Status416RangeNotSatisfiable)
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status410Gone).ProducesProblem(StatusCodes.Status500InternalServerError);
        images.MapGet("images/{id:guid}/preview", Preview).WithName("GetImagePreview").WithSummary("What an image looks like so far")
            .WithDescription("A small PNG, one pixel for eight of the picture's, while it is drawn; 409 before, after, and when the request did not ask for live_previews.")
            .Produces<Stream>(StatusCodes.Status200OK, "image/png")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async Task<Results<Ok<Page<ImageResponse>>, NotFound, ValidationProblem>> List(
        Guid id, FarmDb db, WaitReasons waits, CancellationToken cancellationToken,
        [Description("Index of the last image of the page before.")] int after = -1,
        [Description("Images a page, 1 to 1000.")] int limit = DefaultPageSize,
        [Description("Whether images that wait say why.")] bool waiting = false)
    {
        if (limit is < 1 or > MaxPageSize)
        {
            return TypedResults.ValidationProblem(new Dictionary<string, string[]>
            {
                ["limit"] = [$"{limit} is out of range: give 1 to {MaxPageSize}."],
            });
        }

        var items = await db.Images.Where(image => image.BatchId == id && image.Index > after)
            .OrderBy(image => image.Index).Take(limit).ToResponsesAsync(db, cancellationToken, waiting ? waits : null);
        if (items.Count == 0 && !await db.Batches.AnyAsync(batch => batch.Id == id, cancellationToken))
        {
            return TypedResults.NotFound();
        }

        return TypedResults.Ok(new Page<ImageResponse>
        {
            Items = items,
            Next = items.Count == limit ? $"/v1/batches/{id}/images?after={items[^1].Index}&limit={limit}{(waiting ? "&waiting=true" : "")}" : null,
        });
    }

    private static async Task<Results<Ok<ImageResponse>, NotFound>> Get(Guid id, FarmDb db, WaitReasons waits, CancellationToken cancellationToken) =>
        await db.Images.Where(image => image.Id == id).ToResponsesAsync(db, cancellationToken, waits) is [var image]
            ? TypedResults.Ok(image)
            : TypedResults.NotFound();

    private static async Task<Results<FileStreamHttpResult, NotFound, ProblemHttpResult>> Content(
        Guid id, FarmDb db, IObjectStore objects, HttpResponse response, CancellationToken cancellationToken)
    {
        var image = await db.Images.AsNoTracking().SingleOrDefaultAsync(image => image.Id == id, cancellationToken);
        if (image is null)
        {
            return TypedResults.NotFound();
        }

        if (image.DeletedAt is { } deleted)
        {
            return TypedResults.Problem($"The picture was deleted at {deleted:O}; a rerun draws it again.", statusCode: StatusCodes.Status410Gone, title: "The picture is gone");
        }

        if (image is not { State: ImageState.Succeeded, ObjectKey: { } key, Sha256: { } sha256 })
        {
            return TypedResults.Problem(
                image.State is ImageState.Failed ? $"The image failed: {image.Error}" : $"The image is {StateNames<ImageState>.Name(image.State)}; ask again later.",
                statusCode: StatusCodes.Status409Conflict, title: "There is no picture yet");
        }

        if (await objects.HeadAsync(key, cancellationToken) is not { } info)
        {
            return TypedResults.Problem(
                $"The object store no longer holds {key}.", statusCode: StatusCodes.Status404NotFound, title: "The picture is gone");
        }

        response.Headers.CacheControl = "private, max-age=31536000, immutable"; // an image's bytes never change
        response.Headers.ContentDisposition = $"inline; filename=\"{key[(key.LastIndexOf('/') + 1)..]}\"";
        return TypedResults.Stream(new ObjectStream(objects, info), "image/png", entityTag: new EntityTagHeaderValue($"\"{sha256}\""), enableRangeProcessing: true);
    }

    private static async Task<Results<FileContentHttpResult, NotFound, ProblemHttpResult>> Preview(
        Guid id, FarmDb db, HttpResponse response, CancellationToken cancellationToken)
    {
        var image = await db.Images.Where(image => image.Id == id).Join(db.Batches, image => image.BatchId, batch => batch.Id, (image, batch) => new { image.State, batch.LivePreview, image.Preview }).SingleOrDefaultAsync(cancellationToken);
        if (image is null)
        {
            return TypedResults.NotFound();
        }

        if (image.Preview is not { } png)
        {
            return TypedResults.Problem(
                image.LivePreview ? $"The image is {StateNames<ImageState>.Name(image.State)}; there is a preview only while it is drawn." : "The request did not ask for live_previews.",
                statusCode: StatusCodes.Status409Conflict, title: "There is no preview");
        }

        response.Headers.CacheControl = "no-store";
        return TypedResults.File(png, "image/png");
    }
}
