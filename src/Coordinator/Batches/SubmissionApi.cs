using System.ComponentModel;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Batches.Fields;
using StableDiffusion.Coordinator.Batches.Idempotency;
using StableDiffusion.Coordinator.Batches.Reruns;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>What makes batches: POST /v1/batches, and reruns of one.</summary>
internal static class SubmissionApi
{
    private const string AboutKey = "1 to 255 printable characters that no other request of yours has: sent again with the same body, the request is answered with the same batch.";

    public static void MapSubmission(this IEndpointRouteBuilder routes)
    {
        var limits = routes.ServiceProvider.GetRequiredService<IOptions<BatchesOptions>>().Value;
        var batches = routes.MapGroup("/v1/batches").WithTags("Batches").RequireAuthorization(AccessPolicies.Owner)
            .WithMetadata(new RequestSizeLimitAttribute(limits.MaxBytes))
            .ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType).ProducesProblem(StatusCodes.Status500InternalServerError)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        batches.MapPost("", Submit).MayWait().WithName("SubmitBatch").WithSummary("Submit a batch").WithDescription(
            "Every prompt with every seed, prompts outermost, and whatever product, zip and runs make of it. Random seeds and defaults are resolved now and stored, so that a "
            + "rerun draws the same pictures. Pictures that come with the request are kept by their content's hash, which the settings name.");
        batches.MapPost("{id:guid}/rerun", Rerun).MayWait().WithName("RerunBatch").WithSummary("Draw a batch again, or some of it").WithDescription(
            "A new batch with the same resolved settings, linked to its origin, or with some fields in place of the origin's. The same worker build and device give the same bytes; with "
            + "verify, GET /v1/batches/{id}/verification of the new batch tells whether it is so.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Created<BatchResponse>, ValidationProblem, ProblemHttpResult>> Submit(
        BatchRequest request, [FromHeader(Name = SubmissionKey.Header), Description(AboutKey)] string? key, HttpContext context,
        CatalogReader catalog, BatchResolver resolver, Submission submission, CurrentOwner owner, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new RequestErrors();
        var submissionKey = SubmissionKey.Of(key, context.Request.Path, request, errors);
        if (await submission.ReplayAsync(owner.Id, submissionKey, context.Response, cancellationToken) is { } earlier)
        {
            return earlier;
        }

        var batch = resolver.Resolve(request, await catalog.ReadAsync(request, cancellationToken), errors);
        var head = Heading.Resolve(request, time.GetUtcNow(), errors);
        return errors.IsEmpty
            ? await submission.AddAsync(head with { OwnerId = owner.Id, Key = submissionKey }, batch, context.Response, cancellationToken)
            : Submission.Refused(errors);
    }

    private static async Task<Results<Created<BatchResponse>, ValidationProblem, ProblemHttpResult>> Rerun(
        Guid id, [FromBody] RerunRequest? request, [FromHeader(Name = SubmissionKey.Header), Description(AboutKey)] string? key, HttpContext context,
        FarmDb db, RerunResolver resolver, Submission submission, CurrentOwner owner, TimeProvider time, CancellationToken cancellationToken)
    {
        request ??= new RerunRequest();
        var errors = new RequestErrors();
        var submissionKey = SubmissionKey.Of(key, context.Request.Path, request, errors);
        if (await submission.ReplayAsync(owner.Id, submissionKey, context.Response, cancellationToken) is { } earlier)
        {
            return earlier;
        }

        if (await db.Batches.AsNoTracking().SingleOrDefaultAsync(batch => batch.Id == id, cancellationToken) is not { } origin)
        {
            return TypedResults.Problem(statusCode: StatusCodes.Status404NotFound);
        }

        var head = Heading.Resolve(
            new BatchRequest
            {
                Name = request.Name ?? origin.Name,
                Tags = request.Tags ?? origin.Tags,
                Priority = request.Priority ?? origin.Priority,
                LivePreviews = request.LivePreviews ?? origin.LivePreview,
                Deadline = request.Deadline,
            },
            time.GetUtcNow(), errors);
        var batch = await resolver.ResolveAsync(id, request, errors, cancellationToken);
        return errors.IsEmpty
            ? await submission.AddAsync(head with { OwnerId = owner.Id, OriginId = id, Key = submissionKey }, batch, context.Response, cancellationToken)
            : Submission.Refused(errors);
    }
}
