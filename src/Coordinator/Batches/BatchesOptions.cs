using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>What a request may ask for; section "Batches".</summary>
public sealed class BatchesOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Batches";

    /// <summary>Most images of one batch, 1 … 1,000,000; 100,000 by default.</summary>
    [Range(1, 1_000_000, ErrorMessage = "Batches:MaxImages must be 1 to 1000000.")]
    public int MaxImages { get; set; } = 100_000;

    /// <summary>Most different settings of one batch, prompts and seeds aside, 1 … 100,000; 10,000 by default. Each is a lane that the dispatcher looks at.</summary>
    [Range(1, 100_000, ErrorMessage = "Batches:MaxRecipes must be 1 to 100000.")]
    public int MaxRecipes { get; set; } = 10_000;

    /// <summary>Largest body of a request in bytes, 1 KiB … 1 GiB; 64 MiB by default: two of the largest pictures, and the base64 about them.</summary>
    [Range(1 << 10, 1 << 30, ErrorMessage = "Batches:MaxBytes must be 1024 to 1073741824.")]
    public int MaxBytes { get; set; } = 64 << 20;

    /// <summary>Most characters of a prompt, 1 … 100,000; 10,000 by default.</summary>
    [Range(1, 100_000, ErrorMessage = "Batches:MaxPromptLength must be 1 to 100000.")]
    public int MaxPromptLength { get; set; } = 10_000;

    /// <summary>Largest width and height in pixels, 8 … 16,384; 2,048 by default.</summary>
    [Range(8, 16_384, ErrorMessage = "Batches:MaxSide must be 8 to 16384.")]
    public int MaxSide { get; set; } = 2_048;

    /// <summary>Most steps, 1 … 1,000; 150 by default.</summary>
    [Range(1, 1_000, ErrorMessage = "Batches:MaxSteps must be 1 to 1000.")]
    public int MaxSteps { get; set; } = 150;

    /// <summary>How long an Idempotency-Key is remembered, 1 min … 30 d; 1 d by default.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00", ErrorMessage = "Batches:KeepIdempotencyKeys must be 00:01:00 to 30.00:00:00.")]
    public TimeSpan KeepIdempotencyKeys { get; set; } = TimeSpan.FromDays(1);

    /// <summary>The model of requests that name none. Unset: the only model the farm knows.</summary>
    public string? DefaultModel { get; set; }
}
