using Microsoft.EntityFrameworkCore;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Reads a stored batch as what it was resolved to, to be drawn again.</summary>
public sealed class BatchOrigin(FarmDb db)
{
    /// <summary>The batch's images, each with the one it does again; null when there is no such batch.</summary>
    public async Task<ResolvedBatch?> ReadAsync(Guid id, CancellationToken cancellationToken)
    {
        var recipes = await db.Recipes.AsNoTracking().Where(recipe => recipe.BatchId == id).OrderBy(recipe => recipe.Id).ToListAsync(cancellationToken);
        var prompts = await db.Prompts.AsNoTracking().Where(prompt => prompt.BatchId == id).OrderBy(prompt => prompt.Id).ToListAsync(cancellationToken);
        var images = await db.Images.Where(image => image.BatchId == id).OrderBy(image => image.Index)
            .Select(image => new { image.Id, image.RecipeId, image.PromptId, image.Seed }).ToListAsync(cancellationToken);
        if (images.Count == 0)
        {
            return null;
        }

        var recipeOf = recipes.Index().ToDictionary(recipe => recipe.Item.Id, recipe => recipe.Index);
        var promptOf = prompts.Index().ToDictionary(prompt => prompt.Item.Id, prompt => prompt.Index);
        return new ResolvedBatch(
            recipes.ConvertAll(recipe => new ResolvedRecipe(recipe.Settings, recipe.GroupKey)),
            prompts.ConvertAll(prompt => new ResolvedPrompt(prompt.Text, prompt.NegativeText, prompt.Text2, prompt.NegativeText2)),
            images.ConvertAll(image => new ResolvedImage(recipeOf[image.RecipeId], promptOf[image.PromptId], image.Seed, image.Id)),
            []);
    }
}
