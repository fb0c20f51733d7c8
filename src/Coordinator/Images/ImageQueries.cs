using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Waits;

namespace StableDiffusion.Coordinator.Images;

/// <summary>Reads images as the API shows them.</summary>
internal static class ImageQueries
{
    /// <summary>The images of <paramref name="images"/> in its order, each with all of its settings; with <paramref name="waits"/>, also why they wait.</summary>
    public static async Task<List<ImageResponse>> ToResponsesAsync(this IQueryable<Image> images, FarmDb db, CancellationToken cancellationToken, WaitReasons? waits = null)
    {
        var found = await images.AsNoTracking().ToListAsync(cancellationToken);
        var waiting = waits is null ? null : await waits.ExplainAsync(found, cancellationToken);
        List<long> recipeIds = [.. found.Select(image => image.RecipeId).Distinct()], promptIds = [.. found.Select(image => image.PromptId).Distinct()];
        List<Guid> batchIds = [.. found.Select(image => image.BatchId).Distinct()];
        var recipes = await db.Recipes.Where(recipe => recipeIds.Contains(recipe.Id)).ToDictionaryAsync(recipe => recipe.Id, recipe => recipe.Settings, cancellationToken);
        var prompts = await db.Prompts.AsNoTracking().Where(prompt => promptIds.Contains(prompt.Id)).ToDictionaryAsync(prompt => prompt.Id, cancellationToken);
        var created = await db.Batches.Where(batch => batchIds.Contains(batch.Id)).ToDictionaryAsync(batch => batch.Id, batch => batch.CreatedAt, cancellationToken);
        return (
            // what was deleted since is left out
            from image in found
            where recipes.ContainsKey(image.RecipeId) && prompts.ContainsKey(image.PromptId) && created.ContainsKey(image.BatchId)
            select new ImageResponse
            {
                Id = image.Id,
                BatchId = image.BatchId,
                Index = image.Index,
                State = image.State,
                Settings = prompts[image.PromptId].In(recipes[image.RecipeId], image.Seed),
                Step = image.Step,
                Steps = image.Steps,
                Attempts = image.Attempts,
                Error = image.Error,
                Waiting = waiting?.GetValueOrDefault(image.Id),
                WorkerId = image.WorkerId,
                OriginId = image.OriginId,
                CreatedAt = created[image.BatchId],
                StartedAt = image.StartedAt,
                FinishedAt = image.FinishedAt,
                RenderSeconds = image.RenderTime?.TotalSeconds,
                PeakMemory = image.PeakMemory,
                PreviewUrl = image.Preview is null ? null : $"/v1/images/{image.Id}/preview",
                ContentUrl = image is { State: ImageState.Succeeded, DeletedAt: null } ? $"/v1/images/{image.Id}/content" : null,
                ObjectKey = image is { State: ImageState.Succeeded, DeletedAt: null } ? image.ObjectKey : null,
                DeletedAt = image.DeletedAt,
                Sha256 = image.Sha256,
                Bytes = image.Bytes,
            }).ToList();
    }
}
