using StableDiffusion.Coordinator.Inputs;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>Registers what keeps and what removes.</summary>
internal static class KeepingBuilder
{
    public static IServiceCollection AddKeeping(this IServiceCollection services)
    {
        services.AddOptions<KeepingOptions>().BindConfiguration(KeepingOptions.Section).ValidateDataAnnotations()
            .Validate(options => options.Rules.All(rule => rule.For is null || rule.For > TimeSpan.Zero), "Keeping:Rules: For must be longer than zero, or left out to keep for ever.")
            .ValidateOnStart();
        return services.AddSingleton<RemovalSignal>().AddSingleton<InputLock>().AddScoped<Deletions>().AddScoped<ObjectRemover>().AddScoped<Retention>()
            .AddScoped<InputSweep>().AddScoped<Sweep>().AddScoped<Sweeps>().AddHostedService<Keeper>();
    }
}
