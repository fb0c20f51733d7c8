using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Batches.Idempotency;
using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Stores what a request was resolved to, once, and answers with the batch.</summary>
internal sealed class Submission(FarmDb db, InputStore inputs, BatchStore store, IdempotencyKeys keys, InputLock gate)
{
    /// <summary>The answer that the same request had before; null when there was none. 409 when the key was another request's.</summary>
    public async Task<Results<Created<BatchResponse>, ValidationProblem, ProblemHttpResult>?> ReplayAsync(
        int ownerId, SubmissionKey? key, HttpResponse response, CancellationToken cancellationToken)
    {
        if (key is null || await keys.FindAsync(ownerId, key, cancellationToken) is not { } earlier)
        {
            return null;
        }

        if (!earlier.RequestHash.AsSpan().SequenceEqual(key.Hash))
        {
            return Conflict($"The {SubmissionKey.Header} \"{key.Key}\" came with another request before: give this one a key of its own.");
        }

        if (await FindAsync(earlier.BatchId) is not { } batch)
        {
            return Conflict($"The batch that was made with the {SubmissionKey.Header} \"{key.Key}\" was deleted: for a new one, give a new key.");
        }

        response.Headers[SubmissionKey.ReplayedHeader] = "true";
        return TypedResults.Created(batch.Url, batch);
    }

    /// <summary>Stores a batch; where its key is taken meanwhile, answers as that batch's request was answered.</summary>
    public async Task<Results<Created<BatchResponse>, ValidationProblem, ProblemHttpResult>> AddAsync(
        BatchHead head, ResolvedBatch batch, HttpResponse response, CancellationToken cancellationToken)
    {
        await using var kept = batch.Inputs.Count > 0 ? await gate.TakeAsync(exclusive: false, cancellationToken) : null; // until rows name them
        await inputs.PutAsync(batch.Inputs, cancellationToken);
        if (await store.AddAsync(head, batch, cancellationToken) is not { } added)
        {
            return await ReplayAsync(head.OwnerId, head.Key, response, cancellationToken)
                ?? Conflict($"The {SubmissionKey.Header} \"{head.Key?.Key}\" is just being used: send the request again.");
        }

        var answer = BatchQueries.Accepted(added, batch.First);
        return TypedResults.Created(answer.Url, answer);
    }

    /// <summary>The answer to a request that is wrong.</summary>
    public static ValidationProblem Refused(RequestErrors errors) =>
        TypedResults.ValidationProblem(errors.ToDictionary(), "Nothing was stored; errors names each field that needs a change.");

    private static ProblemHttpResult Conflict(string detail) => TypedResults.Problem(detail, statusCode: StatusCodes.Status409Conflict);

    private async Task<BatchResponse?> FindAsync(Guid id) =>
        await db.Batches.Where(batch => batch.Id == id).ToResponsesAsync(db, CancellationToken.None) is [var batch] ? batch : null;
}
