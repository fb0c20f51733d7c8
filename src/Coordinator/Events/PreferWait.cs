using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Events;

/// <summary><c>Prefer: wait=n</c> (RFC 7240) where the answer is a batch: a request that would rather have it once the batch is finished, if
/// that takes no more than n seconds. Then the answer is the same in kind, and says how far the batch is by then.</summary>
internal sealed class PreferWait(EventTail tail, StreamPlaces places, IServiceScopeFactory scopes, IHostApplicationLifetime lifetime, TimeProvider time) : IEndpointFilter
{
    /// <summary>Longest wait; who prefers longer waits this long.</summary>
    public const int MostSeconds = 60;

    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var result = await next(context);
        var answer = (result as INestedHttpResult)?.Result ?? result;
        if ((answer as IValueHttpResult)?.Value is not BatchResponse batch || Seconds(context.HttpContext.Request) is not { } seconds)
        {
            return result;
        }

        using var place = places.TryTake(context.HttpContext.RequestServices.GetRequiredService<CurrentOwner>().Id);
        if (place is null)
        {
            return result; // a preference is no condition
        }

        context.HttpContext.Response.Headers["Preference-Applied"] = string.Create(CultureInfo.InvariantCulture, $"wait={seconds}");
        if (batch.FinishedAt is not null)
        {
            return result;
        }

        var now = await WaitAsync(batch.Id, TimeSpan.FromSeconds(seconds), context.HttpContext.RequestAborted) ?? batch;
        return answer is Created<BatchResponse> created ? TypedResults.Created(created.Location, now) : TypedResults.Ok(now);
    }

    /// <summary>The seconds that a request is willing to wait; null when it does not say.</summary>
    public static int? Seconds(HttpRequest request)
    {
        foreach (var preference in request.Headers.GetCommaSeparatedValues("Prefer"))
        {
            if (preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries) is [var name, var value]
                && name.Equals("wait", StringComparison.OrdinalIgnoreCase)
                && ulong.TryParse(value.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            {
                return (int)Math.Min(seconds, MostSeconds);
            }
        }

        return null;
    }

    /// <summary>The batch once it is finished, or as it is when the time is up; null when it is gone.</summary>
    private async Task<BatchResponse?> WaitAsync(Guid batchId, TimeSpan longest, CancellationToken aborted)
    {
        using var limit = new CancellationTokenSource(longest, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted, lifetime.ApplicationStopping);
        try
        {
            await UntilFinishedAsync(batchId, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // the answer is due, whatever it is
        }

        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FarmDb>();
        return (await db.Batches.Where(batch => batch.Id == batchId).ToResponsesAsync(db, CancellationToken.None)).FirstOrDefault();
    }

    private async Task UntilFinishedAsync(Guid batchId, CancellationToken cancellationToken)
    {
        using var subscription = await tail.SubscribeAsync(new EventFilter { BatchId = batchId, Types = [EventTypes.BatchFinished, EventTypes.BatchDeleted] }, cancellationToken);
        if (await IsFinishedAsync(batchId, cancellationToken))
        {
            return;
        }

        await foreach (var _ in subscription.ReadAllAsync(cancellationToken))
        {
            if (await IsFinishedAsync(batchId, cancellationToken)) // and not opened again meanwhile
            {
                return;
            }
        }
    }

    private async Task<bool> IsFinishedAsync(Guid batchId, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return !await scope.ServiceProvider.GetRequiredService<FarmDb>().Batches.AnyAsync(batch => batch.Id == batchId && batch.FinishedAt == null, cancellationToken);
    }
}
