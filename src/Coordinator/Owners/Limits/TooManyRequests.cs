using System.Globalization;
using Microsoft.AspNetCore.Mvc;

namespace StableDiffusion.Coordinator.Owners.Limits;

/// <summary>429 with Retry-After.</summary>
internal static class TooManyRequests
{
    /// <summary>The problem document; sets the header too.</summary>
    public static ProblemDetails Problem(HttpContext context, TimeSpan retryAfter, string detail)
    {
        var seconds = Math.Max(1, (long)Math.Ceiling(retryAfter.TotalSeconds));
        context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        return new ProblemDetails { Status = StatusCodes.Status429TooManyRequests, Detail = $"{detail} Try again in {seconds} s." };
    }
}
