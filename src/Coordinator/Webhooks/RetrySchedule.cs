namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>When a delivery that failed is tried again.</summary>
internal static class RetrySchedule
{
    // × 5 s: 5 s, 30 s, 2 min, 10 min, 30 min, 2 h, 6 h, 12 h, 12 h, 12 h, 12 h: three days in all
    private static readonly int[] Multiples = [1, 6, 24, 120, 360, 1440, 4320, 8640, 8640, 8640, 8640];

    /// <summary>Tries of a delivery before it is given up.</summary>
    public static int MaxAttempts => Multiples.Length + 1;

    /// <summary>The wait after a failed try, a tenth more or less by chance, so that what failed together does not come back together; null after the last.</summary>
    /// <param name="attempts">Tries so far, at least 1.</param>
    /// <param name="delay">The first wait.</param>
    /// <param name="atLeast">What the address asked for by Retry-After.</param>
    /// <param name="chance">0 … 1.</param>
    public static TimeSpan? After(int attempts, TimeSpan delay, TimeSpan? atLeast, double chance)
    {
        if (attempts >= MaxAttempts)
        {
            return null;
        }

        var wait = delay * Multiples[attempts - 1] * (0.9 + (0.2 * chance));
        var asked = atLeast > delay * Multiples[^1] ? delay * Multiples[^1] : atLeast;
        return asked > wait ? asked : wait;
    }
}
