using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Reports;

/// <summary>
/// Publishes what the worker has to tell. A report that must arrive is tried until the broker has confirmed it: while the
/// broker is away the group behind it stays in hand, is not acknowledged, and at most the prefetched groups wait like this.
/// A process that ends meanwhile loses only news: the broker still has the command, the coordinator the lease. A report that
/// only informs is tried once.
/// </summary>
public sealed partial class Reporter(IPublishEndpoint bus, TimeProvider time, IOptions<WorkerOptions> options, ILogger<Reporter> logger)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(20);

    /// <summary>By this clock reports are stamped.</summary>
    public TimeProvider Time => time;

    /// <summary>Who reports.</summary>
    public string WorkerId => options.Value.Id;

    /// <summary>Shortest time between two progress reports of a group.</summary>
    public TimeSpan ProgressInterval => options.Value.ProgressInterval;

    /// <summary>Returns when the broker has the report.</summary>
    public async Task SendAsync<T>(T report, CancellationToken cancellationToken) where T : class
    {
        for (var pause = TimeSpan.FromSeconds(0.5); ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks)))
        {
            // a confirmation that was lost with its connection never comes; told twice does no harm, an attempt ends only once
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(LongestTry);
            try
            {
                await bus.Publish(report, patience.Token).ConfigureAwait(false);
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
    public async Task TrySendAsync<T>(T report, CancellationToken cancellationToken) where T : class
    {
        try
        {
            await bus.Publish(report, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogDropped(e, typeof(T).Name, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The broker did not take {Report}, next try in {Pause}: {Reason}")]
    private partial void LogRetry(Exception error, string report, TimeSpan pause, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Report} was dropped: {Reason}")]
    private partial void LogDropped(Exception error, string report, string reason);
}
