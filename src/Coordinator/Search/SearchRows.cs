using Microsoft.EntityFrameworkCore;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Search;

/// <summary>Rows that a query asks for.</summary>
internal static class SearchRows
{
    /// <summary>The text search configuration: no stemming, since prompts are of any language and full of names.</summary>
    public const string Language = "simple";

    /// <summary>Batches of which at least one image matches.</summary>
    public static IQueryable<Batch> Matching(this IQueryable<Batch> batches, SearchQuery query, FarmDb db)
    {
        batches = batches.OfHead(query, db);
        if (query is { Seed: null, State: null })
        {
            // without looking at images, of which there may be very many
            batches = query.Model is { } model ? batches.Where(batch => db.Recipes.Any(recipe => recipe.BatchId == batch.Id && recipe.Model == model)) : batches;
            return query.Text is { } text
                ? batches.Where(batch => db.Prompts.Any(prompt => prompt.BatchId == batch.Id
                    && EF.Functions.ToTsVector(Language, prompt.Text).Matches(EF.Functions.WebSearchToTsQuery(Language, text))))
                : batches;
        }

        return batches.Where(batch => db.Images.OfImages(query, db).Any(image => image.BatchId == batch.Id));
    }

    /// <summary>Images that match.</summary>
    public static IQueryable<Image> Matching(this IQueryable<Image> images, SearchQuery query, FarmDb db)
    {
        images = images.OfImages(query, db);
        return query is { Tag: null, Since: null, Until: null, Owner: null }
            ? images
            : images.Where(image => db.Batches.OfHead(query, db).Any(batch => batch.Id == image.BatchId));
    }

    private static IQueryable<Batch> OfHead(this IQueryable<Batch> batches, SearchQuery query, FarmDb db)
    {
        batches = query.Tag is { } tag ? batches.Where(batch => batch.Tags.Contains(tag)) : batches;
        batches = query.Since?.ToUniversalTime() is { } since ? batches.Where(batch => batch.CreatedAt >= since) : batches;
        batches = query.Until?.ToUniversalTime() is { } until ? batches.Where(batch => batch.CreatedAt < until) : batches;
        return query.Owner is { } owner ? batches.Where(batch => db.Owners.Any(row => row.Id == batch.OwnerId && row.Name == owner)) : batches;
    }

    private static IQueryable<Image> OfImages(this IQueryable<Image> images, SearchQuery query, FarmDb db)
    {
        images = query.Seed is { } seed ? images.Where(image => image.Seed == seed) : images;
        images = query.ImageState is { } state ? images.Where(image => image.State == state) : images;
        images = query.Model is { } model ? images.Where(image => db.Recipes.Any(recipe => recipe.Id == image.RecipeId && recipe.Model == model)) : images;
        return query.Text is { } text
            ? images.Where(image => db.Prompts.Any(prompt => prompt.Id == image.PromptId && prompt.BatchId == image.BatchId
                && EF.Functions.ToTsVector(Language, prompt.Text).Matches(EF.Functions.WebSearchToTsQuery(Language, text))))
            : images;
    }
}
