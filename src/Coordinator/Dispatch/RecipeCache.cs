using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>Recipes' settings, which never change, so that a round does not read and parse them over and over.</summary>
public sealed class RecipeCache
{
    private const int Most = 4096; // some kilobytes each
    private readonly ConcurrentDictionary<long, ImageSettings> known = new();

    /// <summary>Recipes that were just stored.</summary>
    public void Add(IEnumerable<(long Id, ImageSettings Settings)> recipes)
    {
        foreach (var (id, settings) in recipes.Take(Most - known.Count))
        {
            known[id] = settings;
        }
    }

    /// <summary>The settings of these recipes; those that are gone are left out.</summary>
    public async Task<IReadOnlyDictionary<long, ImageSettings>> GetAsync(FarmDb db, IEnumerable<long> ids, CancellationToken cancellationToken)
    {
        var found = new Dictionary<long, ImageSettings>();
        var missing = new List<long>();
        foreach (var id in ids.Distinct())
        {
            if (known.TryGetValue(id, out var settings))
            {
                found[id] = settings;
            }
            else
            {
                missing.Add(id);
            }
        }

        if (missing.Count > 0)
        {
            if (known.Count > Most)
            {
                known.Clear();
            }

            foreach (var row in await db.Recipes.Where(recipe => missing.Contains(recipe.Id)).Select(recipe => new { recipe.Id, recipe.Settings }).ToListAsync(cancellationToken))
            {
                known[row.Id] = found[row.Id] = row.Settings;
            }
        }

        return found;
    }
}
