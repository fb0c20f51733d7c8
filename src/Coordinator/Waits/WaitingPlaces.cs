using Microsoft.EntityFrameworkCore;
using Npgsql;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Coordinator.Scaling;

namespace StableDiffusion.Coordinator.Waits;

/// <summary>When the turn of images comes that workers could draw and have not come to.</summary>
public sealed class WaitingPlaces(FarmDb db, WaitingWork work, RenderRates rates, AdapterHolders adapters)
{
    /// <summary>Their places, by id.</summary>
    /// <param name="images">Queued images that workers hold the model and all else for.</param>
    /// <param name="recipes">Their recipes.</param>
    /// <param name="holdersOf">Workers that take work, by model.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<Dictionary<Guid, Waiting>> OfAsync(
        IReadOnlyCollection<Image> images, IReadOnlyDictionary<long, Recipe> recipes, IReadOnlyDictionary<string, int> holdersOf, CancellationToken cancellationToken)
    {
        var places = new Dictionary<Guid, Waiting>();
        if (images.Count == 0)
        {
            return places;
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

            var holders = Math.Max(holdersOf[ofModel.Key], 1); // one may have gone meanwhile
            foreach (var image in ofModel)
            {
                var recipe = recipes[image.RecipeId];
                var owner = owners[recipe.OwnerId];
                var own = new WaitingLane(recipe.Id, recipe.Model, recipe.OwnerId, recipe.Priority, recipe.Needs, recipe.Cost, owner.Weight, 0);
                var (count, cost) = WaitingOrder.Before(held, own, before[image.Id]);
                double? seconds = measured.TryGetValue(recipe.Model, out var rate) ? (cost + (underWay.GetValueOrDefault(recipe.Model)?.Cost ?? 0)) * rate / holders : null;
                places[image.Id] = new()
                {
                    Reason = WaitingReason.Busy,
                    Message = $"{(count == 0 ? "It is the next" : $"It is number {count + 1}")} that waits for the {(holders == 1 ? "one worker that holds" : $"{holders} workers that hold")} \"{recipe.Model}\".",
                    Position = count + 1,
                    EtaSeconds = seconds is { } eta ? Math.Round(eta, 1) : null,
                };
            }
        }

        return places;
    }

    // Images before each in its own lane. Counted from one to the next, so that a page of a long lane is one pass over it.
    private async Task<Dictionary<Guid, long>> BeforeInLanesAsync(IEnumerable<Image> images, CancellationToken cancellationToken)
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
