namespace StableDiffusion.Contracts.Sampling;

/// <summary>The one table between A1111's sampler names and diffusers' scheduler classes.</summary>
public static class Samplers
{
    /// <summary>A1111 name → diffusers class.</summary>
    public static IReadOnlyDictionary<string, string> SchedulerClasses { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["DDIM"] = "DDIMScheduler",
        ["LMS"] = "LMSDiscreteScheduler",
        ["Euler"] = "EulerDiscreteScheduler",
    };
}
