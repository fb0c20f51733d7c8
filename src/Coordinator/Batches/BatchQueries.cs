using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Reads batches as the API shows them.</summary>
internal static class BatchQueries
{
    /// <summary>The batches of <paramref name="batches"/> in its order, each with its images counted.</summary>
    public static async Task<List<BatchResponse>> ToResponsesAsync(this IQueryable<Batch> batches, FarmDb db, CancellationToken cancellationToken)
    {
        var found = await batches.AsNoTracking().ToListAsync(cancellationToken);
        var ids = found.ConvertAll(batch => batch.Id);
        var settings = await FirstSettingsAsync(db, ids, cancellationToken);
        var counts = (await db.Images.Where(image => ids.Contains(image.BatchId))
            .GroupBy(image => new { image.BatchId, image.State })
            .Select(group => new StateCount(group.Key.BatchId, group.Key.State, group.Count()))
            .ToListAsync(cancellationToken)).ToLookup(count => count.BatchId);
        var drawn = await db.Images.Where(image => ids.Contains(image.BatchId) && image.State == ImageState.Rendering)
            .GroupBy(image => image.BatchId).Select(group => new { group.Key, Share = group.Sum(image => (double)image.Step / image.Steps) })
            .ToDictionaryAsync(share => share.Key, share => share.Share, cancellationToken);
        return found.ConvertAll(batch => ToResponse(batch, settings[batch.Id], [.. counts[batch.Id]], drawn.GetValueOrDefault(batch.Id)));
    }

    /// <summary>A batch that was just accepted.</summary>
    public static BatchResponse Accepted(Batch batch, ImageSettings settings) =>
        ToResponse(batch, settings, [new StateCount(batch.Id, ImageState.Queued, batch.Images)], drawn: 0);

    private static async Task<Dictionary<Guid, ImageSettings>> FirstSettingsAsync(FarmDb db, List<Guid> ids, CancellationToken cancellationToken) => (await (
        from image in db.Images
        join recipe in db.Recipes on image.RecipeId equals recipe.Id
        join prompt in db.Prompts on image.PromptId equals prompt.Id
        where ids.Contains(image.BatchId) && image.Index == 0
        select new { image.BatchId, recipe.Settings, prompt, image.Seed }).ToListAsync(cancellationToken))
        .ToDictionary(first => first.BatchId, first => first.prompt.In(first.Settings, first.Seed));

    private static BatchResponse ToResponse(Batch batch, ImageSettings settings, StateCount[] counts, double drawn)
    {
        int Count(ImageState state) => counts.FirstOrDefault(count => count.State == state)?.Count ?? 0;
        var total = counts.Sum(count => count.Count);
        var ended = Count(ImageState.Succeeded) + Count(ImageState.Failed) + Count(ImageState.Cancelled);
        return new BatchResponse
        {
            Id = batch.Id,
            OriginId = batch.OriginId,
            Name = batch.Name,
            Tags = batch.Tags,
            Priority = batch.Priority,
            Deadline = batch.Deadline,
            CreatedAt = batch.CreatedAt,
            PausedAt = batch.PausedAt,
            CancelledAt = batch.CancelledAt,
            FinishedAt = batch.FinishedAt,
            Settings = settings,
            Counts = new ImageCounts
            {
                Total = total,
                Queued = Count(ImageState.Queued),
                Dispatched = Count(ImageState.Dispatched),
                Rendering = Count(ImageState.Rendering),
                Succeeded = Count(ImageState.Succeeded),
                Failed = Count(ImageState.Failed),
                Cancelled = Count(ImageState.Cancelled),
            },
            Progress = ended == total ? 1 : Math.Round((ended + drawn) / total, 4),
            Url = $"/v1/batches/{batch.Id}",
            ImagesUrl = $"/v1/batches/{batch.Id}/images",
            PageUrl = $"/batches/{batch.Id}",
            VerificationUrl = batch.OriginId is null ? null : $"/v1/batches/{batch.Id}/verification",
        };
    }

    private sealed record StateCount(Guid BatchId, ImageState State, int Count);
}
