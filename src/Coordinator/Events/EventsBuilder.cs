namespace StableDiffusion.Coordinator.Events;

/// <summary>What a coordinator needs to tell what happens.</summary>
internal static class EventsBuilder
{
    public static IServiceCollection AddEvents(this IServiceCollection services)
    {
        services.AddOptions<EventOptions>().BindConfiguration(EventOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddScoped<EventLog>().AddScoped<StreamOpening>();
        services.AddSingleton<EventTail>().AddSingleton<EventStream>().AddSingleton<StreamPlaces>().AddSingleton<EventRemoval>().AddSingleton<HeldEvents>();
        return services.AddHostedService(provider => provider.GetRequiredService<EventTail>()).AddHostedService<ProgressTail>()
            .AddHostedService(provider => provider.GetRequiredService<EventRemoval>()).AddHostedService(provider => provider.GetRequiredService<HeldEvents>());
    }

    /// <summary>Lets an endpoint whose answer is a batch wait for its end, see <see cref="PreferWait"/>.</summary>
    public static RouteHandlerBuilder MayWait(this RouteHandlerBuilder endpoint) => endpoint.AddEndpointFilter<PreferWait>();
}
