using Microsoft.AspNetCore.Authorization;
using StableDiffusion.Contracts.Owners;

namespace StableDiffusion.Coordinator.Owners.Access;

/// <summary>What route groups ask of keys. An endpoint that says nothing gets <see cref="Owner"/>.</summary>
internal static class AccessPolicies
{
    /// <summary>An owner's own: <see cref="Scopes.Read"/> to look, <see cref="Scopes.Write"/> to change.</summary>
    public const string Owner = "owner";

    /// <summary>The farm's: <see cref="Scopes.Read"/> to look, <see cref="Scopes.Admin"/> to change.</summary>
    public const string Farm = "farm";

    /// <summary><see cref="Scopes.Admin"/> for everything.</summary>
    public const string Admin = "admin";

    /// <summary>What tells of all owners in numbers: <see cref="Scopes.Metrics"/> to look.</summary>
    public const string Metrics = "metrics";

    /// <summary>Any key at all.</summary>
    public const string AnyKey = "any-key";

    public static void Add(AuthorizationOptions options)
    {
        foreach (var (name, look, change) in new[] { (Owner, Scopes.Read, Scopes.Write), (Farm, Scopes.Read, Scopes.Admin), (Metrics, Scopes.Metrics, Scopes.Admin), (Admin, Scopes.Admin, Scopes.Admin) })
        {
            options.AddPolicy(name, policy => policy.AddRequirements(new ScopeRequirement(look, change)));
        }

        options.AddPolicy(AnyKey, policy => policy.RequireAuthenticatedUser());
        options.FallbackPolicy = options.GetPolicy(Owner);
    }
}
