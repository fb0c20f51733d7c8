using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Files;

/// <summary>What may be uploaded, and how the store is watched; section "Files".</summary>
public sealed class FilesOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Files";

    /// <summary>Largest file in bytes that an upload may bring, 1 KiB … 1 TiB; 32 GiB by default.</summary>
    [Range(1L << 10, 1L << 40, ErrorMessage = "Files:MaxBytes must be 1024 to 1099511627776.")]
    public long MaxBytes { get; set; } = 32L << 30;

    /// <summary>How often what is left to do is looked for where nothing wakes it (an object store that was away, another coordinator's registration),
    /// 1 s … 1 h; 15 s by default.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00", ErrorMessage = "Files:Interval must be 00:00:01 to 01:00:00.")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(15);
}
