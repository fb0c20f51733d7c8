using System.Collections.Frozen;

namespace StableDiffusion.Contracts.Sampling;

/// <summary>The one table between A1111's sampler names and diffusers' scheduler classes.</summary>
public static class Samplers
{
    /// <summary>A1111 name → diffusers class; names are found in any letter case.</summary>
    public static FrozenDictionary<string, string> SchedulerClasses { get; } = new Dictionary<string, string>
    {
        ["DDIM"] = "DDIMScheduler",
        ["Euler"] = "EulerDiscreteScheduler",
        ["LMS"] = "LMSDiscreteScheduler",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The names as A1111 writes them, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. SchedulerClasses.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The name as the table writes it, whatever its letter case was; null when there is no such sampler.</summary>
    public static string? Canonical(string name) =>
        SchedulerClasses.ContainsKey(name) ? Names.First(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) : null;
}
