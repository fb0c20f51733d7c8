using System.Text.Json.Nodes;

namespace StableDiffusion.Contracts.Sampling;

/// <summary>A sampler with a schedule type that it takes.</summary>
/// <param name="Sampler">The sampler.</param>
/// <param name="ScheduleType">As the table writes it.</param>
public sealed record SamplerChoice(Sampler Sampler, string ScheduleType)
{
    /// <summary>Both in one name, as A1111 wrote them until version 1.9: "DPM++ 2M Karras".</summary>
    public string Name => ScheduleType == ScheduleTypes.Automatic ? Sampler.Name : $"{Sampler.Name} {ScheduleType}";

    /// <summary>diffusers' class, or ours where it has none.</summary>
    public string SchedulerClass => Sampler.SchedulerClass;

    /// <summary>A model's scheduler_config.json with the fields set that this choice decides; the model's is left as it is.</summary>
    public JsonObject Over(JsonObject schedulerConfig)
    {
        ArgumentNullException.ThrowIfNull(schedulerConfig);
        var merged = schedulerConfig.DeepClone().AsObject();
        string schedule = ScheduleType == ScheduleTypes.Automatic ? Sampler.AutomaticSchedule : ScheduleType;
        foreach (var (field, value) in ScheduleTypes.Config(schedule).Concat(Sampler.Config))
        {
            merged[field] = value?.DeepClone();
        }

        return merged;
    }
}
