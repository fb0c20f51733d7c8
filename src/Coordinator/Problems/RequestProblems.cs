using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace StableDiffusion.Coordinator.Problems;

/// <summary>Turns what cannot be read as a request, and a database that is away, into problem documents.</summary>
internal sealed partial class RequestProblems(IProblemDetailsService problems, IOptions<JsonOptions> json) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var problem = exception switch
        {
            BadHttpRequestException bad => Unreadable(httpContext, bad),
            _ when ReportRetries.IsDatabaseAway(exception) => Away(httpContext),
            _ => null,
        };
        if (problem is null)
        {
            return false;
        }

        httpContext.Response.StatusCode = problem.Status!.Value;
        await problems.WriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem, Exception = exception });
        return true;
    }

    /// <summary>What a bare status code leaves unsaid.</summary>
    public static void Complete(ProblemDetailsContext context) => context.ProblemDetails.Detail ??= context.ProblemDetails.Status switch
    {
        StatusCodes.Status404NotFound => $"There is nothing at {context.HttpContext.Request.Path}.",
        StatusCodes.Status405MethodNotAllowed => $"{context.HttpContext.Request.Method} is not possible here; see /openapi/v1.json.",
        StatusCodes.Status415UnsupportedMediaType => "Send the body as JSON, with the header Content-Type: application/json.",
        _ => null,
    };

    private ProblemDetails Unreadable(HttpContext context, BadHttpRequestException bad)
    {
        if (bad.StatusCode != StatusCodes.Status400BadRequest)
        {
            return new ProblemDetails { Status = bad.StatusCode, Detail = bad.Message };
        }

        var (field, message) = bad.InnerException is JsonException error
            ? JsonFaults.Explain(error, BodyType(context), json.Value.SerializerOptions)
            : UnreadableParameter().Match(bad.Message) is { Success: true } parameter
                ? (parameter.Groups[1].Value, $"\"{parameter.Groups[2].Value}\" is not of the expected kind; see /openapi/v1.json.")
                : ("body", "Send a JSON object; see /openapi/v1.json.");
        return new HttpValidationProblemDetails(new Dictionary<string, string[]> { [field] = [message] })
        {
            Status = bad.StatusCode,
            Detail = "Nothing was stored; errors names each field that needs a change.",
        };
    }

    // the failed endpoint's: the exception handler has already cleared the current one
    private static Type? BodyType(HttpContext context) =>
        context.Features.Get<IExceptionHandlerFeature>()?.Endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;

    private static ProblemDetails Away(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "5";
        return new ProblemDetails
        {
            Status = StatusCodes.Status503ServiceUnavailable,
            Detail = "The database does not answer. What was accepted is kept; try again in a few seconds.",
        };
    }

    [GeneratedRegex("^Failed to bind parameter \"\\S+ (\\w+)\" from \"(.*)\"")]
    private static partial Regex UnreadableParameter();
}
