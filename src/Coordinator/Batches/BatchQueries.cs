using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Reads batches as the API shows them.</summary>
internal static class BatchQueries
{
    /// <summary>The batches of <paramref name="batches"/> in its order, each with its images counted.</summary>
    public static async Task<List<BatchResponse>> ToResponsesAsync(this IQueryable<Batch> batches, FarmDb db, CancellationToken cancellationToken)
    {
        var found = await batches.ToListAsync(cancellationToken);
        var ids = found.ConvertAll(batch => batch.Id);
        var settings = await db.Images.Where(image => ids.Contains(image.BatchId) && image.Index == 0)
            .ToDictionaryAsync(image => image.BatchId, image => image.Settings, cancellationToken);
        var groups = await db.Images.Where(image => ids.Contains(image.BatchId))
            .GroupBy(image => new { image.BatchId, image.State })
            .Select(group => new StateGroup(
                group.Key.BatchId, group.Key.State, group.Count(),
                group.Sum(image => (double)image.Step / image.Steps), group.Max(image => image.FinishedAt)))
            .ToListAsync(cancellationToken);
        var byBatch = groups.ToLookup(group => group.BatchId);
        return found.ConvertAll(batch => ToResponse(batch, settings[batch.Id], [.. byBatch[batch.Id]]));
    }

    private static BatchResponse ToResponse(Batch batch, Contracts.ImageSettings settings, StateGroup[] groups)
    {
        int Count(ImageState state) => groups.FirstOrDefault(group => group.State == state)?.Count ?? 0;
        var total = groups.Sum(group => group.Count);
        var ended = Count(ImageState.Succeeded) + Count(ImageState.Failed) + Count(ImageState.Cancelled);
        var drawn = groups.FirstOrDefault(group => group.State == ImageState.Rendering)?.Drawn ?? 0;
        return new BatchResponse
        {
            Id = batch.Id,
            OriginId = batch.OriginId,
            CreatedAt = batch.CreatedAt,
            FinishedAt = ended == total ? groups.Max(group => group.FinishedAt) : null,
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
        };
    }

    private sealed record StateGroup(Guid BatchId, ImageState State, int Count, double Drawn, DateTimeOffset? FinishedAt);
}
