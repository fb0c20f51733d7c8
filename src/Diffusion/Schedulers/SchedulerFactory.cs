namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>The table from diffusers' class names to the schedulers that are built, and one that diffusers has not.</summary>
public static class SchedulerFactory
{
    private static readonly Dictionary<string, Func<SchedulerConfig, IScheduler>> Built = new(StringComparer.Ordinal)
    {
        ["DDIMScheduler"] = config => new DDIMScheduler(config),
        ["DDPMScheduler"] = config => new DDPMScheduler(config),
        ["DEISMultistepScheduler"] = config => new DEISMultistepScheduler(config),
        ["DPMSolver2SAncestralScheduler"] = config => new DPMSolver2SAncestralScheduler(config),
        ["DPMSolverMultistepScheduler"] = config => new DPMSolverMultistepScheduler(config),
        ["DPMSolverSDEScheduler"] = config => new DPMSolverSDEScheduler(config),
        ["DPMSolverSinglestepScheduler"] = config => new DPMSolverSinglestepScheduler(config),
        ["EulerAncestralDiscreteScheduler"] = config => new EulerAncestralDiscreteScheduler(config),
        ["EulerDiscreteScheduler"] = config => new EulerDiscreteScheduler(config),
        ["HeunDiscreteScheduler"] = config => new HeunDiscreteScheduler(config),
        ["KDPM2AncestralDiscreteScheduler"] = config => new KDPM2AncestralDiscreteScheduler(config),
        ["KDPM2DiscreteScheduler"] = config => new KDPM2DiscreteScheduler(config),
        ["LCMScheduler"] = config => new LCMScheduler(config),
        ["LMSDiscreteScheduler"] = config => new LMSDiscreteScheduler(config),
        ["PNDMScheduler"] = config => new PNDMScheduler(config),
        ["TCDScheduler"] = config => new TCDScheduler(config),
        ["UniPCMultistepScheduler"] = config => new UniPCMultistepScheduler(config),
    };

    /// <summary>diffusers' names of what is built.</summary>
    public static IReadOnlyCollection<string> ClassNames => Built.Keys;

    /// <summary>A new scheduler for one run.</summary>
    /// <param name="className">diffusers' name.</param>
    /// <param name="config">The fields that size it; the class it names itself is not looked at.</param>
    /// <exception cref="NotSupportedException">No such scheduler is built; the message lists those that are.</exception>
    /// <exception cref="Networks.Configs.UnsupportedConfigException">The config has a value that the scheduler does not know.</exception>
    public static IScheduler Create(string className, SchedulerConfig config) => Built.TryGetValue(className, out var create)
        ? create(config)
        : throw new NotSupportedException($"{className} is not built; these schedulers are: {string.Join(", ", Built.Keys.Order(StringComparer.Ordinal))}.");
}
