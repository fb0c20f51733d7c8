using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;

namespace StableDiffusion.Coordinator.Owners.Limits;

/// <summary>Answers what a quota refuses: 429 with Retry-After, or 403 where waiting does not help.</summary>
internal sealed class QuotaProblems(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not QuotaExceededException quota)
        {
            return false;
        }

        var problem = quota.RetryAfter is { } wait
            ? TooManyRequests.Problem(httpContext, wait, quota.Message)
            : new ProblemDetails { Status = StatusCodes.Status403Forbidden, Detail = quota.Message };
        problem.Title = "The owner's limit is reached";
        problem.Extensions["limit"] = quota.Limit;
        httpContext.Response.StatusCode = problem.Status!.Value;
        await problems.WriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem, Exception = exception });
        return true;
    }
}
