using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>How long things are kept; section "Keeping".</summary>
public sealed class KeepingOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Keeping";

    /// <summary>Rules for batches that are finished; the first that fits a batch counts, and one that none fits is kept for ever. None by default.</summary>
    public IReadOnlyList<KeepingRule> Rules { get; set; } = [];

    /// <summary>Time between two looks at the rules, 1 s … 1 d; 10 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00", ErrorMessage = "Keeping:Interval must be 00:00:01 to 1.00:00:00.")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Time between two sweeps of the object store, 1 min … 365 d; a day by default.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00", ErrorMessage = "Keeping:SweepInterval must be 00:01:00 to 365.00:00:00.")]
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Age under which a sweep lets an object be, 1 min … 30 d; a day by default. It may be just written, and its row on the way.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00", ErrorMessage = "Keeping:SweepGrace must be 00:01:00 to 30.00:00:00.")]
    public TimeSpan SweepGrace { get; set; } = TimeSpan.FromDays(1);
}

/// <summary>How long some finished batches are kept.</summary>
public sealed class KeepingRule
{
    /// <summary>Batches of this owner; unset: of any.</summary>
    public string? Owner { get; set; }

    /// <summary>Batches with this tag; unset: with any or none.</summary>
    public string? Tag { get; set; }

    /// <summary>For how long after their end; unset: for ever.</summary>
    public TimeSpan? For { get; set; }

    /// <summary>Whether it fits.</summary>
    public bool Fits(string owner, IReadOnlyCollection<string> tags) => (Owner is null || Owner == owner) && (Tag is null || tags.Contains(Tag));
}
