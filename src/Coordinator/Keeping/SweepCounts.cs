using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>What a sweep has seen so far.</summary>
/// <param name="before">What was written later is let be.</param>
public sealed class SweepCounts(DateTimeOffset before)
{
    /// <summary>All.</summary>
    public long Objects { get; set; }

    /// <summary>Removed.</summary>
    public long Removed { get; set; }

    /// <summary>Unnamed, and too young to be sure of.</summary>
    public long Young { get; private set; }

    /// <summary>Whether an object that no row names is old enough to go; counts it as young otherwise.</summary>
    public bool IsOld(ObjectEntry entry)
    {
        var old = entry.LastModified < before;
        Young += old ? 0 : 1;
        return old;
    }
}
