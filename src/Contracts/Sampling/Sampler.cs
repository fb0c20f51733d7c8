using System.Text.Json.Nodes;

namespace StableDiffusion.Contracts.Sampling;

/// <summary>A sampler: the name that A1111 gives it, and what runs it.</summary>
/// <param name="Name">As A1111 writes it; where A1111 has no such sampler, as the field does.</param>
/// <param name="SchedulerClass">diffusers' class, or ours where it has none.</param>
public sealed record Sampler(string Name, string SchedulerClass)
{
    private readonly JsonObject config = [];

    /// <summary>The schedule type behind "Automatic": A1111's for this sampler, or "Automatic" where the model's own is kept.</summary>
    public string AutomaticSchedule { get; init; } = Sampling.ScheduleTypes.Automatic;

    /// <summary>The schedule types that it takes, "Automatic" first.</summary>
    public required IReadOnlyList<string> ScheduleTypes { get; init; }

    /// <summary>The fields of scheduler_config.json that make the class this sampler.</summary>
    internal JsonObject Config
    {
        get => config;
        init => config = value;
    }
}
