using Microsoft.EntityFrameworkCore;
using Npgsql;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Scaling;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Waits;

/// <summary>Tells why images wait, with the first of <see cref="WaitingReason"/> that is so.</summary>
public sealed class WaitReasons(FarmDb db, WaitingWork work, RenderRates rates, WorkerRegister register, AdapterHolders adapters, TimeProvider time)
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
        var fleet = await FleetFacts.ReadAsync(register, cancellationToken);
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

        await AddPlacesAsync(inLine, recipes, fleet, reasons, cancellationToken);
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

    private async Task<Waiting?> HindranceAsync(Image image, Recipe recipe, bool paused, FleetFacts fleet, CancellationToken cancellationToken)
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

        if (MissingWorker.Explain(recipe.Model, fleet) is { } nobody)
        {
            return nobody;
        }

        return await adapters.HoldAsync(recipe.Model, recipe.Needs, cancellationToken) ? null : new()
        {
            Reason = WaitingReason.Adapters,
            Message = $"No worker that takes work holds the model \"{recipe.Model}\" together with {await adapters.MissingAsync(recipe.Model, recipe.Settings.Adapters(), cancellationToken)}.",
        };
    }

    private async Task AddPlacesAsync(
        List<Image> images, Dictionary<long, Recipe> recipes, FleetFacts fleet, Dictionary<Guid, Waiting> reasons, CancellationToken cancellationToken)
    {
        if (images.Count == 0)
        {
            return;
        }

        var (lanes, underWay) = await work.ReadAsync(cancellationToken);
        var measured = await rates.ReadAsync(cancellationToken);
        var before = await BeforeInLanesAsync(images, cancellationToken);
        var owners = await db.Owners.AsNoTracking().ToDictionaryAsync(owner => owner.Id, cancellationToken);
        foreach (var ofModel in images.GroupBy(image => recipes[image.RecipeId].Model))
        {
            var held = new List<WaitingLane>();
            foreach (var lane in lanes.Where(lane => lane.Model == ofModel.Key))
            {
                if (await adapters.HoldAsync(lane.Model, lane.Needs, cancellationToken))
                {
                    held.Add(lane);
                }
            }

            var holders = fleet.Holders(ofModel.Key);
            foreach (var image in ofModel)
            {
                var recipe = recipes[image.RecipeId];
                var owner = owners[recipe.OwnerId];
                var own = new WaitingLane(recipe.Id, recipe.Model, recipe.OwnerId, recipe.Priority, recipe.Needs, recipe.Cost, owner.Weight, owner.Served, 0);
                var (count, cost) = WaitingOrder.Before(held, own, before[image.Id]);
                double? seconds = measured.TryGetValue(recipe.Model, out var rate) ? (cost + (underWay.GetValueOrDefault(recipe.Model)?.Cost ?? 0)) * rate / holders : null;
                reasons[image.Id] = new()
                {
                    Reason = WaitingReason.Busy,
                    Message = $"{(count == 0 ? "It is the next" : $"It is number {count + 1}")} that waits for the {(holders == 1 ? "one worker that holds" : $"{holders} workers that hold")} \"{recipe.Model}\".",
                    Position = count + 1,
                    EtaSeconds = seconds is { } eta ? Math.Round(eta, 1) : null,
                };
            }
        }
    }

    // Images before each in its own lane. Counted from one to the next, so that a page of a long lane is one pass over it.
    private async Task<Dictionary<Guid, long>> BeforeInLanesAsync(List<Image> images, CancellationToken cancellationToken)
    {
        var sorted = images.OrderBy(image => image.RecipeId).ThenBy(image => image.Position).ToList();
        var from = sorted.Select((image, i) => i > 0 && sorted[i - 1].RecipeId == image.RecipeId ? sorted[i - 1].Position : 0).ToArray();
        var steps = await db.Database.SqlQueryRaw<long>("""
            SELECT (SELECT count(*) FROM images WHERE recipe_id = q.recipe AND state = 'queued' AND position >= q.first AND position < q.last) AS "Value"
            FROM unnest(@recipes, @from, @to) WITH ORDINALITY AS q(recipe, first, last, place) ORDER BY q.place
            """,
            new NpgsqlParameter("recipes", sorted.Select(image => image.RecipeId).ToArray()), new NpgsqlParameter("from", from),
            new NpgsqlParameter("to", sorted.Select(image => image.Position).ToArray())).ToListAsync(cancellationToken);
        var before = new Dictionary<Guid, long>();
        foreach (var (i, image) in sorted.Index())
        {
            before[image.Id] = steps[i] + (from[i] > 0 ? before[sorted[i - 1].Id] : 0);
        }

        return before;
    }
}
