using System.Text.Json.Nodes;

namespace StableDiffusion.Contracts.Sampling;

/// <summary>A1111's schedule types, and the fields of diffusers' scheduler_config.json that they stand for.</summary>
public static class ScheduleTypes
{
    /// <summary>The sampler's own choice.</summary>
    public const string Automatic = "Automatic";

    private static readonly string[] CurveFlags = ["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas"];

    /// <summary>What a method takes that lays out time steps from end to end and nothing else.</summary>
    internal static IReadOnlyList<string> Plain { get; } = [Automatic];

    /// <summary>What a method takes that lays out time steps. A1111's "SGM Uniform" and "Simple" differ by less than a time step;
    /// diffusers has one spacing for both.</summary>
    internal static IReadOnlyList<string> Spacings { get; } = [Automatic, "Uniform", "Normal", "Simple", "SGM Uniform"];

    /// <summary>What a method takes that has σ along a curve, from end to end only.</summary>
    internal static IReadOnlyList<string> Curves { get; } = [Automatic, "Uniform", "Normal", "Karras", "Exponential", "Beta"];

    /// <summary>What a method takes that has both.</summary>
    internal static IReadOnlyList<string> SpacingsAndCurves { get; } = [.. Spacings, "Karras", "Exponential", "Beta"];

    /// <summary>Every name, as A1111 writes it.</summary>
    public static IReadOnlyList<string> Names => SpacingsAndCurves;

    /// <summary>The name as the table writes it, whatever its letter case was; null when there is no such schedule type. A1111's
    /// "Polyexponential" is "Exponential": at its ρ of 1 the two are one.</summary>
    public static string? Canonical(string name) => name.Equals("Polyexponential", StringComparison.OrdinalIgnoreCase)
        ? "Exponential"
        : Names.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The fields that lay the steps out so; none for "Automatic", which leaves the model's own.</summary>
    internal static JsonObject Config(string name)
    {
        if (name == Automatic)
        {
            return [];
        }

        string? flag = name switch
        {
            "Karras" => "use_karras_sigmas",
            "Exponential" => "use_exponential_sigmas",
            "Beta" => "use_beta_sigmas",
            _ => null,
        };
        var config = new JsonObject(CurveFlags.Select(known => KeyValuePair.Create<string, JsonNode?>(known, known == flag)));
        config["timestep_spacing"] = name is "Simple" or "SGM Uniform" ? "trailing" : "linspace";
        return config;
    }
}
