using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>Whom webhooks may reach, and how hard is tried; section "Webhooks".</summary>
public sealed class WebhookOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Webhooks";

    /// <summary>Whether loopback and private addresses may be reached; false by default. Link-local ones, and those where clouds keep a machine's
    /// credentials, never are.</summary>
    public bool AllowPrivate { get; set; }

    /// <summary>Whether plain http will do; false by default.</summary>
    public bool AllowHttp { get; set; }

    /// <summary>Most webhooks of an owner, 1 … 10,000; 50 by default.</summary>
    [Range(1, 10_000, ErrorMessage = "Webhooks:MaxPerOwner must be 1 to 10000.")]
    public int MaxPerOwner { get; set; } = 50;

    /// <summary>How long an address may take to answer, 1 s … 1 min; 10 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00", ErrorMessage = "Webhooks:Timeout must be 00:00:01 to 00:01:00.")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait after the first failed try; the next are multiples of it, up to 8,640 times (see <see cref="RetrySchedule"/>).
    /// 1 ms … 1 min; 5 s by default, which ends at 12 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00", ErrorMessage = "Webhooks:RetryDelay must be 00:00:00.001 to 00:01:00.")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long all tries of a webhook may fail before it is disabled, 1 h … 365 d; 5 d by default.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00", ErrorMessage = "Webhooks:DisableAfter must be 01:00:00 to 365.00:00:00.")]
    public TimeSpan DisableAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>How long deliveries are told of once they are over, 1 h … 365 d; 7 d by default.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "365.00:00:00", ErrorMessage = "Webhooks:KeepFor must be 01:00:00 to 365.00:00:00.")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long deliveries are signed with a webhook's former secret, too, 0 … 30 d; a day by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00", ErrorMessage = "Webhooks:KeepFormerSecret must be 00:00:00 to 30.00:00:00.")]
    public TimeSpan KeepFormerSecret { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How often is looked for what is due, 10 ms … 1 min; 250 ms by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00", ErrorMessage = "Webhooks:PollEvery must be 00:00:00.010 to 00:01:00.")]
    public TimeSpan PollEvery { get; set; } = TimeSpan.FromMilliseconds(250);
}
