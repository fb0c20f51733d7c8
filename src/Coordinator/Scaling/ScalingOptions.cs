using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Coordinator.Scaling;

/// <summary>How waiting work is reckoned; section "Scaling".</summary>
public sealed class ScalingOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Scaling";

    /// <summary>Seconds that a worker is taken to need for a step of 512 × 512 pixels of a model that nobody has drawn with lately,
    /// 0.0001 … 1,000; 0.05 by default, a mid-range GPU with Stable Diffusion 1.5.</summary>
    [Range(0.0001, 1000, ErrorMessage = "Scaling:SecondsPerStep must be 0.0001 to 1000.")]
    public double SecondsPerStep { get; set; } = 0.05;
}
