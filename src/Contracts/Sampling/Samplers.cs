using System.Text.Json.Nodes;

namespace StableDiffusion.Contracts.Sampling;

/// <summary>
/// The one table between A1111's sampler names and scheduler classes: diffusers', but for "DPM++ 2S a", which it has not. Left out are
/// A1111's "DPM fast", "DPM adaptive", "Restart" and "DDIM CFG++". "DPM++ 2S", "DEIS", "DDPM" and "TCD" are not A1111's.
/// </summary>
public static class Samplers
{
    // clip_sample is for models of pixels, and on by default in diffusers; what is sampled here are latents
    private static readonly JsonObject Unclipped = new() { ["clip_sample"] = false };

    /// <summary>The samplers, in A1111's order.</summary>
    public static IReadOnlyList<Sampler> All { get; } =
    [
        new("DPM++ 2M", "DPMSolverMultistepScheduler")
        {
            Config = Solver("dpmsolver++", order: 2), ScheduleTypes = ScheduleTypes.SpacingsAndCurves, AutomaticSchedule = "Karras",
        },
        new("DPM++ SDE", "DPMSolverSDEScheduler") { ScheduleTypes = ScheduleTypes.SpacingsAndCurves, AutomaticSchedule = "Karras" },
        new("DPM++ 2M SDE", "DPMSolverMultistepScheduler")
        {
            Config = Solver("sde-dpmsolver++", order: 2), ScheduleTypes = ScheduleTypes.SpacingsAndCurves, AutomaticSchedule = "Exponential",
        },
        new("DPM++ 2M SDE Heun", "DPMSolverMultistepScheduler")
        {
            Config = Solver("sde-dpmsolver++", order: 2, type: "heun"), ScheduleTypes = ScheduleTypes.SpacingsAndCurves, AutomaticSchedule = "Exponential",
        },
        new("DPM++ 2S a", "DPMSolver2SAncestralScheduler") { ScheduleTypes = ScheduleTypes.SpacingsAndCurves, AutomaticSchedule = "Karras" },
        new("DPM++ 2S", "DPMSolverSinglestepScheduler")
        {
            Config = Solver("dpmsolver++", order: 2), ScheduleTypes = ScheduleTypes.Curves, AutomaticSchedule = "Karras",
        },
        new("DPM++ 3M SDE", "DPMSolverMultistepScheduler")
        {
            Config = Solver("sde-dpmsolver++", order: 3), ScheduleTypes = ScheduleTypes.SpacingsAndCurves, AutomaticSchedule = "Exponential",
        },
        new("Euler a", "EulerAncestralDiscreteScheduler") { ScheduleTypes = ScheduleTypes.Spacings },
        new("Euler", "EulerDiscreteScheduler") { ScheduleTypes = ScheduleTypes.SpacingsAndCurves },
        new("LMS", "LMSDiscreteScheduler") { ScheduleTypes = ScheduleTypes.SpacingsAndCurves },
        new("Heun", "HeunDiscreteScheduler") { Config = Unclipped, ScheduleTypes = ScheduleTypes.SpacingsAndCurves },
        new("DPM2", "KDPM2DiscreteScheduler") { ScheduleTypes = ScheduleTypes.SpacingsAndCurves, AutomaticSchedule = "Karras" },
        new("DPM2 a", "KDPM2AncestralDiscreteScheduler") { ScheduleTypes = ScheduleTypes.SpacingsAndCurves, AutomaticSchedule = "Karras" },
        new("LCM", "LCMScheduler") { Config = Unclipped, ScheduleTypes = ScheduleTypes.Plain },
        new("DDIM", "DDIMScheduler") { Config = Unclipped, ScheduleTypes = ScheduleTypes.Spacings },
        new("PLMS", "PNDMScheduler") { Config = new() { ["skip_prk_steps"] = true }, ScheduleTypes = ScheduleTypes.Spacings },
        new("UniPC", "UniPCMultistepScheduler") { ScheduleTypes = ScheduleTypes.SpacingsAndCurves },
        new("DEIS", "DEISMultistepScheduler") { ScheduleTypes = ScheduleTypes.SpacingsAndCurves },
        new("DDPM", "DDPMScheduler") { Config = Unclipped, ScheduleTypes = ScheduleTypes.Spacings },
        new("TCD", "TCDScheduler") { Config = Unclipped, ScheduleTypes = ScheduleTypes.Plain },
    ];

    /// <summary>The samplers' names, in A1111's order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(sampler => sampler.Name)];

    /// <summary>The sampler of a name in any letter case, and its schedule type. A schedule type may end the name, as A1111 wrote
    /// them until version 1.9: "DPM++ 2M Karras".</summary>
    /// <param name="name">A sampler's name, or a diffusers class, which is the first sampler that it runs.</param>
    /// <param name="scheduleType">Null or "Automatic" is the name's own, or the sampler's.</param>
    /// <returns>Null when there is no such sampler or schedule type, the sampler does not take it, or the name says another.</returns>
    public static SamplerChoice? Find(string name, string? scheduleType = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        var (sampler, named) = Split(name.Trim());
        string? schedule = ScheduleTypes.Canonical(scheduleType ?? ScheduleTypes.Automatic);
        if (named is not null && (schedule == ScheduleTypes.Automatic || schedule == named))
        {
            schedule = named;
        }
        else if (named is not null)
        {
            return null;
        }

        return sampler is not null && schedule is not null && sampler.ScheduleTypes.Contains(schedule) ? new SamplerChoice(sampler, schedule) : null;
    }

    /// <summary>The name as the table writes it, whatever its letter case was, with the schedule type that it may end with; null when
    /// there is no such sampler.</summary>
    public static string? Canonical(string name) => Find(name)?.Name;

    /// <summary>The first sampler that a diffusers class runs; null when none does.</summary>
    public static Sampler? OfClass(string? schedulerClass) => All.FirstOrDefault(sampler => sampler.SchedulerClass == schedulerClass);

    private static (Sampler? Sampler, string? Schedule) Split(string name)
    {
        if (Named(name) is { } whole)
        {
            return (whole, null);
        }

        string? schedule = ScheduleTypes.Names.OrderByDescending(type => type.Length) // "SGM Uniform" before "Uniform"
            .FirstOrDefault(type => name.EndsWith(" " + type, StringComparison.OrdinalIgnoreCase));
        return schedule is null ? (null, null) : (Named(name[..^(schedule.Length + 1)]), schedule);
    }

    private static Sampler? Named(string name) => All.FirstOrDefault(sampler => sampler.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? OfClass(name);

    private static JsonObject Solver(string algorithm, int order, string type = "midpoint") =>
        new() { ["algorithm_type"] = algorithm, ["solver_order"] = order, ["solver_type"] = type };
}
