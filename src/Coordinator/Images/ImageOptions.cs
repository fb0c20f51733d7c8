using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Images;

/// <summary>How long an image's attempts are believed in and how often it is tried; section "Images".</summary>
public sealed class ImageOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Images";

    /// <summary>Failed attempts after which an image is given up, 1 … 100; 3 by default.</summary>
    [Range(1, 100, ErrorMessage = "Images:MaxAttempts must be 1 to 100.")]
    public int MaxAttempts { get; set; } = 3;

    /// <summary>Wait after the first failure, doubled after each further one, up to five minutes; 2 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00", ErrorMessage = "Images:RetryDelay must be 00:00:00 to 00:05:00.")]
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an opened attempt may wait for its command to be published, 10 s … 1 h; 30 s by default. What a
    /// coordinator that died in between had taken waits again after this.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00", ErrorMessage = "Images:PublishLease must be 00:00:10 to 01:00:00.")]
    public TimeSpan PublishLease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a published command may wait in its queue, 10 s … 1 d; 10 min by default. The broker drops the
    /// command at the same time as the coordinator gives the attempt up, so a long queue costs a new publish, not a
    /// second rendering, and a lost message costs this wait.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00", ErrorMessage = "Images:QueueLease must be 00:00:10 to 1.00:00:00.")]
    public TimeSpan QueueLease { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a worker that has taken an image up may be silent, 5 s … 1 h; 25 s by default. Each of its
    /// reports that names the attempt begins the time anew.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00", ErrorMessage = "Images:RenderLease must be 00:00:05 to 01:00:00.")]
    public TimeSpan RenderLease { get; set; } = TimeSpan.FromSeconds(25);
}
