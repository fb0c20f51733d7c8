using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Inputs;

/// <summary>What a picture that comes with a request may be; section "Inputs".</summary>
public sealed class InputOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Inputs";

    /// <summary>Largest file in bytes, 1 KiB … 256 MiB; 16 MiB by default. The body that it comes in has a limit of its own.</summary>
    [Range(1 << 10, 256 << 20, ErrorMessage = "Inputs:MaxBytes must be 1024 to 268435456.")]
    public int MaxBytes { get; set; } = 16 << 20;

    /// <summary>Most pixels, 1,024 … 67,108,864; 16,777,216 by default, a picture of 4096×4096.</summary>
    [Range(1 << 10, 64 << 20, ErrorMessage = "Inputs:MaxPixels must be 1024 to 67108864.")]
    public int MaxPixels { get; set; } = 16 << 20;

    /// <summary>Most pixels of all pictures of one request, 1,024 … 2,147,483,647; 268,435,456 by default, sixteen of the largest. Each is unpacked
    /// to be checked, which takes time.</summary>
    [Range(1 << 10, int.MaxValue, ErrorMessage = "Inputs:MaxPixelsOfRequest must be 1024 to 2147483647.")]
    public int MaxPixelsOfRequest { get; set; } = 256 << 20;
}
