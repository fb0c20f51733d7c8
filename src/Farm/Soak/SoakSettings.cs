using StableDiffusion.Farm.Soak.Faults;

namespace StableDiffusion.Farm.Soak;

/// <summary>How a soak goes.</summary>
/// <param name="Duration">How long faults happen.</param>
/// <param name="Seed">Of what is asked for and of what goes wrong, one after the other; not of when each happens, which the machine decides.</param>
internal sealed record SoakSettings(TimeSpan Duration, int Seed)
{
    /// <summary>Processes of each kind.</summary>
    public const int Coordinators = 2, Workers = 4;

    /// <summary>New requests wait while so many images do.</summary>
    public const int MostOpen = 400;

    /// <summary>Most images of a request.</summary>
    public const int MostImages = 60;

    /// <summary>Longest time from a message to its second delivery.</summary>
    public static TimeSpan LatestCopy { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Most time between two faults.</summary>
    public static TimeSpan MostPeace { get; } = TimeSpan.FromSeconds(8);

    /// <summary>Age from which a sweep removes what no image shows.</summary>
    public static TimeSpan SweepGrace { get; } = TimeSpan.FromMinutes(1);

    /// <summary>After the last fault, everything is at its end within this.</summary>
    public static TimeSpan LongestEnd { get; } = TimeSpan.FromMinutes(5);

    /// <summary>A worker's lease is 15 s.</summary>
    public static FaultTimes Times { get; } = new(Image: TimeSpan.FromMilliseconds(80), Frozen: TimeSpan.FromSeconds(20), StoreAway: TimeSpan.FromSeconds(20));
}
