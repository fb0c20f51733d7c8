using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>Seeds: given one by one, or the first of <c>n_iter</c> in a row. Random ones are drawn here.</summary>
internal static class Seeds
{
    private const long MaxSeed = (1L << 53) - 1; // JSON readers keep whole numbers up to here

    /// <summary>The seeds that each prompt takes, in order; empty when they are wrong.</summary>
    public static IReadOnlyList<long> Resolve(BatchRun run, int maxCount, RequestErrors errors)
    {
        if (run.Seeds is { } listed)
        {
            foreach (var (name, given) in new[] { ("seed", run.Seed is not null), ("n_iter", run.NIter is not null) })
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
                Check($"seeds[{index}]", wrong, 1, errors);
            }

            return [.. listed.Select(Drawn)];
        }

        var count = Count(run, maxCount, errors);
        if (count == 0 || !Check("seed", run.Seed ?? -1, count, errors))
        {
            return [];
        }

        var first = Drawn(run.Seed ?? -1);
        return [.. Enumerable.Range(0, count).Select(i => first + i)];
    }

    /// <summary>Images per prompt; 0 when that is wrong.</summary>
    public static int Count(BatchRun run, int maxCount, RequestErrors errors)
    {
        var count = run.NIter ?? 1;
        if (count >= 1 && count <= maxCount)
        {
            return count;
        }

        errors.Add("n_iter", $"{count} is out of range: give 1 to {maxCount}.");
        return 0;
    }

    /// <summary>Whether a first seed of so many will do; else notes why not.</summary>
    public static bool Check(string field, long first, int count, RequestErrors errors)
    {
        var fault = first is < -1 or > MaxSeed ? $"{first} is out of range: give 0 to {MaxSeed}, or -1 for a random one."
            : first > MaxSeed - (count - 1) ? $"With n_iter {count} the last seed would be over {MaxSeed}: give {MaxSeed - (count - 1)} or less."
            : null;
        if (fault is not null)
        {
            errors.Add(field, fault);
        }

        return fault is null;
    }

    /// <summary>The seed, or a random one for -1: 32 bits, as A1111 draws them, short enough to be typed again.</summary>
    public static long Drawn(long seed) => seed == -1 ? Random.Shared.NextInt64(1L << 32) : seed;
}
