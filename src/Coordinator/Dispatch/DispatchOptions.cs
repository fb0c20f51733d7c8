using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>How much is published and when; section "Dispatch".</summary>
public sealed class DispatchOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Dispatch";

    /// <summary>Work published ahead of what workers claim, in time at their measured speed, 0 … 1 min; 0.25 s by default. At least a group for
    /// each worker is always published.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", ErrorMessage = "Dispatch:Horizon must be 00:00:00 to 00:01:00.")]
    public TimeSpan Horizon { get; set; } = TimeSpan.FromSeconds(0.25);

    /// <summary>Lanes of one owner that a round looks at for a model, 1 … 10,000; 64 by default.</summary>
    [Range(1, 10_000, ErrorMessage = "Dispatch:LanesPerOwner must be 1 to 10000.")]
    public int LanesPerOwner { get; set; } = 64;

    /// <summary>Longest time between two rounds, 10 ms … 1 min; 1 s by default. Submissions and claims begin one at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00", ErrorMessage = "Dispatch:Interval must be 00:00:00.010 to 00:01:00.")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a publish may take before the images go back into the backlog, 1 s … 1 min; 10 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00", ErrorMessage = "Dispatch:PublishTimeout must be 00:00:01 to 00:01:00.")]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether a start takes back all that was under way and forgets the workers and models it knew. For the in-memory
    /// transport, whose messages and workers end with the process; wrong with a broker and other coordinators alive.</summary>
    public bool RequeueAtStart { get; set; }
}
