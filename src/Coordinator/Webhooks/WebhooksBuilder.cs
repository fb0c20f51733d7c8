namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>What a coordinator needs to tell webhooks what happens.</summary>
internal static class WebhooksBuilder
{
    public static IServiceCollection AddWebhooks(this IServiceCollection services)
    {
        services.AddOptions<WebhookOptions>().BindConfiguration(WebhookOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<WebhookConnection>().AddSingleton<WebhookSender>().AddScoped<WebhookPlanner>().AddScoped<WebhookDeliveries>();
        services.AddHttpClient(nameof(Webhooks)).RemoveAllLoggers()
            .ConfigurePrimaryHttpMessageHandler(provider => provider.GetRequiredService<WebhookConnection>().NewHandler());
        return services.AddHostedService<WebhookLoop>();
    }
}
