using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using StableDiffusion.Coordinator.Owners.Access;
using StableDiffusion.Coordinator.Owners.Keys;
using StableDiffusion.Coordinator.Owners.Limits;

namespace StableDiffusion.Coordinator.Owners;

/// <summary>Keys, what they allow, and limits, as a coordinator registers and uses them.</summary>
internal static class OwnersBuilder
{
    public static IServiceCollection AddOwners(this IServiceCollection services)
    {
        services.AddOptions<OwnerOptions>().BindConfiguration(OwnerOptions.Section)
            .PostConfigure<IConfiguration>((owners, configuration) =>
            {
                owners.AdminKey ??= configuration[OwnerOptions.AdminKeyVariable];
                owners.WatchKey ??= configuration[OwnerOptions.WatchKeyVariable];
            })
            .Validate(owners => owners.WatchKey is null || owners.WatchKey != owners.AdminKey, "Owners:WatchKey (or FARM_WATCH_KEY) is the admin key; choose one of its own.")
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddAuthentication(KeyAuthentication.SchemeName).AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.SchemeName, null);
        services.AddAuthorization(AccessPolicies.Add);
        services.AddSingleton<IAuthorizationHandler, ScopeHandler>().AddSingleton<IAuthorizationMiddlewareResultHandler, AccessProblems>();
        services.AddExceptionHandler<QuotaProblems>();
        services.AddRateLimiter().AddSingleton<IConfigureOptions<RateLimiterOptions>, RequestLimits>();
        services.AddSingleton<AuthenticationState>().AddSingleton<FailedKeys>().AddScoped<CurrentOwner>().AddScoped<ApiKeys>().AddScoped<SettingsKey>().AddScoped<Quotas>();
        return services.AddHostedService<AdminKey>().AddHostedService<WatchKey>();
    }

    /// <summary>From here on a request is somebody's.</summary>
    public static void UseOwners(this WebApplication app)
    {
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseRateLimiter();
        app.UseMiddleware<OwnersApart>();
    }

    /// <summary>Maps /v1/owners, /v1/keys and /v1/me.</summary>
    public static void MapOwnersAndKeys(this IEndpointRouteBuilder routes)
    {
        routes.MapOwners();
        routes.MapKeys();
        routes.MapMe();
    }
}
