using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Sampling;

namespace StableDiffusion.Coordinator.Batches.Fields;

/// <summary>A request's sampler and schedule type.</summary>
internal static class SamplerAndSchedule
{
    /// <summary>The sampler, with "Automatic" resolved to what the sampler makes of it; null when there is none of that name.</summary>
    public static (string Sampler, string Schedule)? Resolve(string? name, string? schedule, ModelResponse? model, RequestErrors errors)
    {
        if ((name ?? model?.DefaultSampler) is not { } wanted)
        {
            return null;
        }

        if (Samplers.Find(wanted) is not { } sampler)
        {
            errors.Add("sampler_name", $"\"{Short(wanted)}\" is not a known sampler: give one of {string.Join(", ", Samplers.Names)}.");
            return null;
        }

        if (Samplers.Find(wanted, schedule) is not { } choice)
        {
            errors.Add("scheduler", $"\"{Short(schedule!)}\" does not go with {sampler.Name}: " + (sampler.ScheduleType == ScheduleTypes.Automatic
                ? $"give one of {string.Join(", ", sampler.Sampler.ScheduleTypes)}."
                : "the sampler's name says a schedule type already, so leave one of them out."));
            return null;
        }

        return (choice.Sampler.Name, choice.ScheduleType == ScheduleTypes.Automatic ? choice.Sampler.AutomaticSchedule : choice.ScheduleType);
    }

    private static string Short(string text) => text.Length <= 100 ? text : text[..100] + "…";
}
