namespace StableDiffusion.Diffusion.Schedulers;

/// <summary>The table from diffusers' class names to the schedulers that are built.</summary>
public static class SchedulerFactory
{
    private static readonly Dictionary<string, Func<SchedulerConfig, IScheduler>> Built = new(StringComparer.Ordinal)
    {
        ["DDIMScheduler"] = config => new DDIMScheduler(config),
        ["EulerDiscreteScheduler"] = config => new EulerDiscreteScheduler(config),
        ["LMSDiscreteScheduler"] = config => new LMSDiscreteScheduler(config),
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
