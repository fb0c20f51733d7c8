using MassTransit;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts;

namespace StableDiffusion.Worker.Reports;

/// <summary>
/// Sends what the worker has to tell to the coordinator's queues. A report that must arrive is tried until the broker has
/// confirmed it; one that only informs is tried once. A process that ends meanwhile loses only news: the coordinator's rows
/// say what it had.
/// </summary>
public sealed partial class Reporter(ISendEndpointProvider bus, TimeProvider time, ILogger<Reporter> logger)
{
    private const int Lifetimes = 5;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(20);

    /// <summary>Returns when the broker has the report.</summary>
    /// <param name="queue">One of <see cref="Contracts.Queues"/>.</param>
    /// <param name="report">What to tell.</param>
    /// <param name="cancellationToken">Ends the trying.</param>
    public async Task SendAsync<T>(string queue, T report, CancellationToken cancellationToken) where T : class
    {
        for (var pause = TimeSpan.FromSeconds(0.5); ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks)))
        {
            // a confirmation that was lost with its connection never comes; told twice does no harm, an attempt ends only once
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(LongestTry);
            try
            {
                var endpoint = await bus.GetSendEndpoint(Queues.CoordinatorAddress(queue)).ConfigureAwait(false);
                // not given up by the transport: a channel on which a declaration was cancelled answers no other
                await endpoint.Send(report, CancellationToken.None).WaitAsync(patience.Token).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                LogRetry(e, typeof(T).Name, pause, e.Message);
            }
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Tries once; a report that does not get through is dropped, the next one tells more.</summary>
    /// <param name="queue">One of <see cref="Contracts.Queues"/>.</param>
    /// <param name="report">What to tell.</param>
    /// <param name="patience">For how long; the broker, which has it in memory alone, drops it when it is five times as old.</param>
    /// <param name="cancellationToken">Ends the trying.</param>
    /// <returns>Whether the broker has it.</returns>
    public async Task<bool> TrySendAsync<T>(string queue, T report, TimeSpan patience, CancellationToken cancellationToken) where T : class
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(patience);
        try
        {
            var endpoint = await bus.GetSendEndpoint(Queues.CoordinatorAddress(queue)).ConfigureAwait(false);
            var options = Pipe.Execute<SendContext<T>>(context =>
            {
                context.TimeToLive = patience * Lifetimes;
                context.Durable = false;
            });
            await endpoint.Send(report, options, CancellationToken.None).WaitAsync(stop.Token).ConfigureAwait(false); // see above
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogDropped(e, typeof(T).Name, e.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The broker did not take {Report}, next try in {Pause}: {Reason}")]
    private partial void LogRetry(Exception error, string report, TimeSpan pause, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Report} was dropped: {Reason}")]
    private partial void LogDropped(Exception error, string report, string reason);
}
