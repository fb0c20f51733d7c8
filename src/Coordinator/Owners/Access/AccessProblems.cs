using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;
using StableDiffusion.Coordinator.Owners.Limits;

namespace StableDiffusion.Coordinator.Owners.Access;

/// <summary>Says to who may not pass what is missing, as a problem document.</summary>
internal sealed class AccessProblems(IProblemDetailsService problems) : IAuthorizationMiddlewareResultHandler
{
    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            await next(context);
            return;
        }

        var problem = authorizeResult.Forbidden ? Forbidden(context, policy) : Unauthorized(context, (await context.AuthenticateAsync()).Failure); // known already
        context.Response.StatusCode = problem.Status!.Value;
        await problems.WriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem });
    }

    private static ProblemDetails Unauthorized(HttpContext context, Exception? failure)
    {
        if (failure is TooManyFailuresException tooMany)
        {
            return TooManyRequests.Problem(context, tooMany.RetryAfter, tooMany.Message + " Mend the key that your programs send.");
        }

        context.Response.Headers.WWWAuthenticate = failure is null ? "Bearer" : "Bearer error=\"invalid_token\"";
        if (context.Request.GetTypedHeaders().Accept.Any(type => type.MatchesMediaType("text/html")))
        {
            context.Response.Headers.Append(HeaderNames.WWWAuthenticate, "Basic realm=\"farm, with the key as the password\", charset=\"UTF-8\"");
        }

        return new ProblemDetails
        {
            Status = StatusCodes.Status401Unauthorized,
            Detail = $"{failure?.Message ?? "A key is needed."} Send one that is valid as Authorization: Bearer KEY; whoever runs the farm makes them with POST /v1/owners/ID/keys.",
        };
    }

    private static ProblemDetails Forbidden(HttpContext context, AuthorizationPolicy policy)
    {
        var needed = policy.Requirements.OfType<ScopeRequirement>().Single().Needs(context.Request.Method);
        var held = context.User.FindAll(KeyAuthentication.ScopeClaim).Select(claim => claim.Value);
        context.Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", scope=\"{needed}\"";
        return new ProblemDetails
        {
            Status = StatusCodes.Status403Forbidden,
            Detail = $"{context.Request.Method} {context.Request.Path} needs a key with the scope {needed}; yours has {string.Join(", ", held)}. Ask whoever runs the farm for one.",
        };
    }
}
