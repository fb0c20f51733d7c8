namespace StableDiffusion.Contracts.Sampling;

/// <summary>A1111's names of the ways to enlarge a first pass.</summary>
public static class Upscalers
{
    /// <summary>The one taken when none is named.</summary>
    public const string Default = "Latent";

    /// <summary>In A1111's order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        Default, "Latent (antialiased)", "Latent (bicubic)", "Latent (bicubic antialiased)", "Latent (nearest)", "Latent (nearest-exact)",
        "Lanczos", "Nearest",
    ];

    /// <summary>The name as the list writes it, whatever its letter case was; null when there is no such upscaler.</summary>
    public static string? Canonical(string name) => Names.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));
}
