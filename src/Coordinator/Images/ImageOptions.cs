using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Images;

/// <summary>How long an image's attempts are believed in and how often it is tried; section "Images".</summary>
public sealed class ImageOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Images";

    /// <summary>Failed attempts after which an image is given up, 1 … 100; 5 by default.</summary>
    [Range(1, 100, ErrorMessage = "Images:MaxAttempts must be 1 to 100.")]
    public int MaxAttempts { get; set; } = 5;

    /// <summary>Workers lost while drawing an image after which it is given up as what kills them, 1 … 100; 3 by default.</summary>
    [Range(1, 100, ErrorMessage = "Images:MaxLosses must be 1 to 100.")]
    public int MaxLosses { get; set; } = 3;

    /// <summary>Wait after the first failure, doubled after each further one, up to five minutes; 2 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00", ErrorMessage = "Images:RetryDelay must be 00:00:00 to 00:05:00.")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a command may wait in its queue to be claimed, 10 s … 1 d; 10 min by default. The broker drops the command at the same time as
    /// the coordinator gives the attempt up, so a long queue costs a new publish, and a message that the broker lost costs this wait.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00", ErrorMessage = "Images:QueueLease must be 00:00:10 to 1.00:00:00.")]
    public TimeSpan QueueLease { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long after the claim a worker must name an attempt as its own, or it has forgotten it, 5 s … 1 h; 1 min by default.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00", ErrorMessage = "Images:ForgottenAfter must be 00:00:05 to 01:00:00.")]
    public TimeSpan ForgottenAfter { get; set; } = TimeSpan.FromMinutes(1);
}
