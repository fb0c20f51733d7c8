using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>A request's seeds: given one by one, or the first of <c>n_iter</c> in a row. Random ones are drawn here.</summary>
internal static class Seeds
{
    private const long MaxSeed = (1L << 53) - 1; // JSON readers keep whole numbers up to here

    /// <summary>The seeds that each prompt takes, in order; empty when they are wrong.</summary>
    public static IReadOnlyList<long> Resolve(BatchRequest request, int maxCount, RequestErrors errors)
    {
        if (request.Seeds is { } listed)
        {
            foreach (var (name, given) in new[] { ("seed", request.Seed is not null), ("n_iter", request.NIter is not null) })
            {
                if (given)
                {
                    errors.Add(name, $"Give either seeds or {name}, not both.");
                }
            }

            if (listed.Count == 0)
            {
                errors.Add("seeds", "The list is empty: give at least one seed, or leave the field out for a random one.");
            }

            foreach (var (index, wrong) in listed.Index().Where(s => s.Item is < -1 or > MaxSeed).Take(RequestErrors.MaxNamed))
            {
                errors.Add($"seeds[{index}]", SeedFault(wrong));
            }

            return [.. listed.Select(seed => seed == -1 ? RandomSeed() : seed)];
        }

        var count = request.NIter ?? 1;
        if (count < 1 || count > maxCount)
        {
            errors.Add("n_iter", $"{count} is out of range: give 1 to {maxCount}.");
            return [];
        }

        var first = request.Seed ?? -1;
        if (first is < -1 or > MaxSeed)
        {
            errors.Add("seed", SeedFault(first));
            return [];
        }

        if (first > MaxSeed - (count - 1))
        {
            errors.Add("seed", $"With n_iter {count} the last seed would be over {MaxSeed}: give {MaxSeed - (count - 1)} or less.");
            return [];
        }

        first = first == -1 ? RandomSeed() : first;
        return [.. Enumerable.Range(0, count).Select(i => first + i)];
    }

    private static string SeedFault(long seed) => $"{seed} is out of range: give 0 to {MaxSeed}, or -1 for a random one.";

    // 32 bits, as A1111 draws them: short enough to be typed again
    private static long RandomSeed() => Random.Shared.NextInt64(1L << 32);
}
