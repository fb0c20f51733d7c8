using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Images;

namespace StableDiffusion.Coordinator.Batches.Reruns;

/// <summary>Reads a stored batch as what it was resolved to, to be drawn again.</summary>
public sealed class BatchOrigin(FarmDb db)
{
    /// <summary>The batch's images, each with the one it does again; none when there is no such batch.</summary>
    /// <param name="id">The batch.</param>
    /// <param name="only">Which images; null for all.</param>
    /// <param name="drawn">Only those that there is a picture of.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<ResolvedBatch> ReadAsync(Guid id, Guid[]? only, bool drawn, CancellationToken cancellationToken)
    {
        var rows = db.Images.Where(image => image.BatchId == id && (!drawn || image.State == ImageState.Succeeded));
        var images = await (only is null ? rows : rows.Where(image => only.Contains(image.Id)))
            .OrderBy(image => image.Index).Select(image => new { image.Id, image.RecipeId, image.PromptId, image.Seed }).ToListAsync(cancellationToken);
        HashSet<long> recipeIds = [.. images.Select(image => image.RecipeId)], promptIds = [.. images.Select(image => image.PromptId)];
        // as they are in the batch: with all ids in the query it would be slower
        var recipes = (await db.Recipes.AsNoTracking().Where(recipe => recipe.BatchId == id).OrderBy(recipe => recipe.Id).ToListAsync(cancellationToken))
            .FindAll(recipe => recipeIds.Contains(recipe.Id));
        var prompts = (await db.Prompts.AsNoTracking().Where(prompt => prompt.BatchId == id).OrderBy(prompt => prompt.Id).ToListAsync(cancellationToken))
            .FindAll(prompt => promptIds.Contains(prompt.Id));
        var recipeOf = recipes.Index().ToDictionary(recipe => recipe.Item.Id, recipe => recipe.Index);
        var promptOf = prompts.Index().ToDictionary(prompt => prompt.Item.Id, prompt => prompt.Index);
        return new ResolvedBatch(
            recipes.ConvertAll(recipe => new ResolvedRecipe(recipe.Settings, recipe.GroupKey)),
            prompts.ConvertAll(prompt => new ResolvedPrompt(prompt.Text, prompt.NegativeText, prompt.Text2, prompt.NegativeText2)),
            images.ConvertAll(image => new ResolvedImage(recipeOf[image.RecipeId], promptOf[image.PromptId], image.Seed, image.Id)),
            []);
    }
}
