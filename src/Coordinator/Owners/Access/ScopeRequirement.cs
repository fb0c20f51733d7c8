using Microsoft.AspNetCore.Authorization;
using StableDiffusion.Contracts.Owners;

namespace StableDiffusion.Coordinator.Owners.Access;

/// <summary>A key must allow what the request is about to do.</summary>
/// <param name="Look">The scope that GET and HEAD need.</param>
/// <param name="Change">The scope that all else needs.</param>
internal sealed record ScopeRequirement(string Look, string Change) : IAuthorizationRequirement
{
    /// <summary>The scope that a request needs.</summary>
    public string Needs(string method) => HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? Look : Change;
}

/// <summary>Holds a request's key against a <see cref="ScopeRequirement"/>.</summary>
internal sealed class ScopeHandler : AuthorizationHandler<ScopeRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, ScopeRequirement requirement)
    {
        var http = (HttpContext)context.Resource!;
        var needed = requirement.Needs(http.Request.Method);
        // where there is nothing, that is the answer, whoever asks
        if (http.GetEndpoint() is null || context.User.HasClaim(KeyAuthentication.ScopeClaim, needed) || context.User.HasClaim(KeyAuthentication.ScopeClaim, Scopes.Admin))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}
