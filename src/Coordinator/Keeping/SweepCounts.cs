using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>What a sweep has seen so far.</summary>
/// <param name="since">What was written earlier is let be: it was there before the farm's database, which cannot know what it is.</param>
/// <param name="before">What was written later is let be.</param>
public sealed class SweepCounts(DateTimeOffset since, DateTimeOffset before)
{
    /// <summary>All.</summary>
    public long Objects { get; set; }

    /// <summary>Removed.</summary>
    public long Removed { get; set; }

    /// <summary>Unnamed, and too young to be sure of.</summary>
    public long Young { get; private set; }

    /// <summary>Unnamed, and older than the database.</summary>
    public long Earlier { get; private set; }

    /// <summary>Whether an object that no row names may go; counts it as young or earlier otherwise.</summary>
    public bool MayGo(ObjectEntry entry)
    {
        var (young, earlier) = (entry.LastModified >= before, entry.LastModified < since);
        Young += young ? 1 : 0;
        Earlier += earlier ? 1 : 0;
        return !young && !earlier;
    }
}
