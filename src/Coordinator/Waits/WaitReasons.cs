using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Waits;

/// <summary>Tells why images wait, with the first of <see cref="WaitingReason"/> that is so.</summary>
public sealed class WaitReasons(FarmDb db, WaitingPlaces places, WorkerRegister register, AdapterHolders adapters, TimeProvider time)
{
    private const int LanesLookedAt = 64;

    /// <summary>The reasons of those of the images that wait, by id.</summary>
    public async Task<IReadOnlyDictionary<Guid, Waiting>> ExplainAsync(IEnumerable<Image> images, CancellationToken cancellationToken)
    {
        List<Image> waiting = [.. images.Where(image => image.State is ImageState.Queued or ImageState.Dispatched)];
        if (waiting.Count == 0)
        {
            return new Dictionary<Guid, Waiting>();
        }

        List<long> recipeIds = [.. waiting.Select(image => image.RecipeId).Distinct()];
        List<Guid> batchIds = [.. waiting.Select(image => image.BatchId).Distinct()];
        var recipes = await db.Recipes.AsNoTracking().Where(recipe => recipeIds.Contains(recipe.Id)).ToDictionaryAsync(recipe => recipe.Id, cancellationToken);
        var paused = (await db.Batches.Where(batch => batchIds.Contains(batch.Id) && batch.PausedAt != null).Select(batch => batch.Id).ToListAsync(cancellationToken)).ToHashSet();
        var holders = await HoldersAsync(recipes.Values, cancellationToken);
        var fleet = holders.ContainsValue(0) ? await FleetFacts.ReadAsync(register, cancellationToken) : null; // a thousand workers are not read in vain
        var reasons = new Dictionary<Guid, Waiting>();
        var inLine = new List<Image>();
        foreach (var image in waiting.Where(image => recipes.ContainsKey(image.RecipeId)))
        {
            if (await HindranceAsync(image, recipes[image.RecipeId], paused.Contains(image.BatchId), fleet, cancellationToken) is { } reason)
            {
                reasons[image.Id] = reason;
            }
            else if (image.State == ImageState.Queued)
            {
                inLine.Add(image);
            }
            else
            {
                reasons[image.Id] = new() { Reason = WaitingReason.Busy, Message = "It is handed to the workers; the next that has room begins it." };
            }
        }

        foreach (var (id, place) in await places.OfAsync(inLine, recipes, holders, cancellationToken))
        {
            reasons[id] = place;
        }

        return reasons;
    }

    /// <summary>Why the next image of a batch waits; null when none does.</summary>
    public async Task<Waiting?> OfBatchAsync(Guid batch, CancellationToken cancellationToken)
    {
        var next = await db.Images.FromSql($"""
            SELECT i.* FROM (SELECT id FROM recipes WHERE batch_id = {batch} AND waiting ORDER BY id LIMIT {LanesLookedAt}) r CROSS JOIN LATERAL (
                SELECT * FROM images WHERE recipe_id = r.id AND state = 'queued' ORDER BY position LIMIT 1) i
            ORDER BY i.not_before NULLS FIRST, r.id LIMIT 1
            """).AsNoTracking().ToListAsync(cancellationToken);
        return (await ExplainAsync(next, cancellationToken)).Values.FirstOrDefault();
    }

    // workers that take work, by model
    private async Task<Dictionary<string, int>> HoldersAsync(IEnumerable<Recipe> recipes, CancellationToken cancellationToken)
    {
        var holders = new Dictionary<string, int>();
        foreach (var model in recipes.Select(recipe => recipe.Model).Distinct())
        {
            holders[model] = await register.Taking.CountAsync(worker => worker.Models.Contains(model), cancellationToken);
        }

        return holders;
    }

    private async Task<Waiting?> HindranceAsync(Image image, Recipe recipe, bool paused, FleetFacts? fleet, CancellationToken cancellationToken)
    {
        if (paused)
        {
            return new() { Reason = WaitingReason.Paused, Message = "Its batch is paused." };
        }

        var now = time.GetUtcNow();
        if (image.NotBefore is { } again && again > now)
        {
            return new()
            {
                Reason = WaitingReason.Retry,
                Message = $"Attempt {image.Attempts} did not succeed; it is tried again from {again:u} on. {image.Error}".TrimEnd(),
                EtaSeconds = Math.Round((again - now).TotalSeconds, 1),
            };
        }

        if (fleet is not null && MissingWorker.Explain(recipe.Model, fleet) is { } nobody)
        {
            return nobody;
        }

        return await adapters.HoldAsync(recipe.Model, recipe.Needs, cancellationToken) ? null : new()
        {
            Reason = WaitingReason.Adapters,
            Message = $"No worker that takes work holds the model \"{recipe.Model}\" together with {await adapters.MissingAsync(recipe.Model, recipe.Settings.Adapters(), cancellationToken)}.",
        };
    }
}
