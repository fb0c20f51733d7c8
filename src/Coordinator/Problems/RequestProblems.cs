using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using StableDiffusion.Storage;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace StableDiffusion.Coordinator.Problems;

/// <summary>Turns what cannot be read as a request, and a database that is away, into problem documents.</summary>
internal sealed partial class RequestProblems(IProblemDetailsService problems, IOptions<JsonOptions> json, ILogger<RequestProblems> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var problem = exception switch
        {
            BadHttpRequestException bad => Unreadable(httpContext, bad),
            ObjectStoreException fault => NotStored(httpContext, fault),
            _ when exception.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter } =>
                new ProblemDetails { Status = StatusCodes.Status400BadRequest, Detail = "A text of the request holds the character U+0000, which can be neither stored nor looked for: leave it out." },
            _ when IsRace(exception) => new ProblemDetails
            {
                Status = StatusCodes.Status409Conflict, Detail = "Another request has just changed or removed what this one is about: look how things stand, and ask again.",
            },
            _ when ReportRetries.IsDatabaseAway(exception) => Away(httpContext, "The database does not answer. What was accepted is kept"),
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
        StatusCodes.Status413PayloadTooLarge =>
            $"The body has more than {context.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize} bytes: split the batch, or send smaller pictures.",
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
                ? (JsonNamingPolicy.SnakeCaseLower.ConvertName(parameter.Groups[1].Value), $"\"{parameter.Groups[2].Value}\" is not of the expected kind; see /openapi/v1.json.")
                : ("body", "Send a JSON object; see /openapi/v1.json.");
        return new HttpValidationProblemDetails(new Dictionary<string, string[]> { [field] = [message] })
        {
            Status = bad.StatusCode,
            Detail = HttpMethods.IsPost(context.Request.Method)
                ? "Nothing was stored; errors names each field that needs a change."
                : "errors names each parameter that needs a change.",
        };
    }

    // the exception handler has already cleared the context's own endpoint and route
    private static IExceptionHandlerFeature? Failed(HttpContext context) => context.Features.Get<IExceptionHandlerFeature>();

    private static Type? BodyType(HttpContext context) =>
        Failed(context)?.Endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType;

    private ProblemDetails NotStored(HttpContext context, ObjectStoreException fault)
    {
        if (fault.IsTransient)
        {
            return Away(context, "The object store does not answer");
        }

        var isOfImage = context.Request.Path.StartsWithSegments("/v1/images", StringComparison.Ordinal);
        LogNotStored(fault, context.Request.Path);
        return new ProblemDetails
        {
            Status = StatusCodes.Status500InternalServerError,
            Detail = $"The object store refuses {(isOfImage ? $"the picture of image {Failed(context)?.RouteValues?["id"]}" : $"what {context.Request.Method} {context.Request.Path} asks of it; nothing was accepted")}: someone must mend its settings. {fault.Message}",
        };
    }

    // what was looked at is no longer so: two made the same, or one was removed to which the other belongs
    private static bool IsRace(Exception exception) => exception is DbUpdateConcurrencyException
        || exception.GetBaseException() is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.ForeignKeyViolation };

    private static ProblemDetails Away(HttpContext context, string what)
    {
        context.Response.Headers.RetryAfter = "5";
        return new ProblemDetails
        {
            Status = StatusCodes.Status503ServiceUnavailable,
            Detail = $"{what}; try again in a few seconds.",
        };
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The object store refuses what {Path} asks of it")]
    private partial void LogNotStored(Exception exception, string path);

    [GeneratedRegex("^Failed to bind parameter \"\\S+ (\\w+)\" from \"(.*)\"")]
    private static partial Regex UnreadableParameter();
}
