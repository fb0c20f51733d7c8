using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace StableDiffusion.Coordinator.Events;

/// <summary>Answers with server-sent events (WHATWG HTML, 9.2) for as long as there are some, and with a comment now and then while there are
/// none, which is more than TypedResults.ServerSentEvents can.</summary>
/// <param name="events">What to send; is told to end when the client has gone or the coordinator shuts down.</param>
/// <param name="first">What to send before them, if anything.</param>
/// <param name="heartbeat">Longest silence.</param>
/// <param name="place">Given back at the end.</param>
/// <param name="mayListen">Asked now and then; the stream ends when it may no longer be heard.</param>
internal sealed class EventStreamResult(
    IAsyncEnumerable<StreamedEvent> events, StreamedEvent? first, TimeSpan heartbeat, IDisposable place, Func<CancellationToken, Task<bool>> mayListen) : IResult
{
    private const int FlushAt = 16 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using var taken = place;
        var services = httpContext.RequestServices;
        var time = services.GetRequiredService<TimeProvider>();
        // a server that stops waits for its requests
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(
            httpContext.RequestAborted, services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-store";
        response.Headers[HeaderNames.ContentEncoding] = "identity";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would keep the events back
        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            return; // which has no body to wait for
        }

        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        try
        {
            await SendAsync(response.BodyWriter, time, ending);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // it comes back to this coordinator or to another, with Last-Event-ID
        }
        catch (Exception e) when (ReportRetries.IsDatabaseAway(e) && response.HasStarted)
        {
            httpContext.Abort(); // likewise
        }
    }

    private async Task SendAsync(PipeWriter body, TimeProvider time, CancellationTokenSource ending)
    {
        await using var reader = events.GetAsyncEnumerator(ending.Token);
        var next = reader.MoveNextAsync().AsTask();
        var asked = time.GetTimestamp();
        try
        {
            await IsThereAsync(next, time); // who has an answer is listening
            Write(body, "retry: 2000\n\n");
            if (first is not null)
            {
                Write(body, first);
            }

            while (await NextAsync())
            {
                Write(body, reader.Current);
                next = reader.MoveNextAsync().AsTask();
            }

            await body.FlushAsync(ending.Token);
        }
        finally
        {
            await ending.CancelAsync();
            await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // it must not be disposed before
        }

        async Task<bool> NextAsync()
        {
            if (!next.IsCompleted || body.UnflushedBytes > FlushAt)
            {
                await body.FlushAsync(ending.Token);
            }

            while (!await IsThereAsync(next, time))
            {
                if (!await MayGoOnAsync())
                {
                    return false;
                }

                Write(body, ":\n\n");
                await body.FlushAsync(ending.Token);
            }

            return await MayGoOnAsync() && await next;
        }

        async Task<bool> MayGoOnAsync()
        {
            if (time.GetElapsedTime(asked) < heartbeat)
            {
                return true;
            }

            asked = time.GetTimestamp();
            return await mayListen(ending.Token);
        }
    }

    private async Task<bool> IsThereAsync(Task next, TimeProvider time)
    {
        try
        {
            await next.WaitAsync(heartbeat, time);
        }
        catch (TimeoutException) when (!next.IsCompleted)
        {
            return false;
        }

        return true;
    }

    private static void Write(PipeWriter body, StreamedEvent told)
    {
        if (told.Position is { } position)
        {
            Write(body, $"id: {position}\n");
        }

        if (told.Json.Length > 0)
        {
            Write(body, $"event: {told.Type}\ndata: ");
            body.Write(told.Json);
            Write(body, "\n");
        }

        Write(body, "\n");
    }

    private static void Write(PipeWriter body, string text) => Encoding.UTF8.GetBytes(text, body);
}
