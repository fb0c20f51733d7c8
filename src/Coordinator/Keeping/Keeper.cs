using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>Removes objects soon after they were let go of, and looks at rules and at the object store now and then. Every coordinator has one;
/// they do not get in each other's way.</summary>
internal sealed partial class Keeper(IServiceScopeFactory scopes, RemovalSignal removals, TimeProvider time, IOptions<KeepingOptions> options, ILogger<Keeper> logger)
    : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (started, rulesAt) = (time.GetUtcNow(), DateTimeOffset.MinValue);
        while (true)
        {
            await removals.WaitAsync(options.Value.Interval, time, stoppingToken);
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                await scope.ServiceProvider.GetRequiredService<ObjectRemover>().RunAsync(stoppingToken);
                var now = time.GetUtcNow();
                if (now - rulesAt < options.Value.Interval)
                {
                    continue;
                }

                rulesAt = now;
                await scope.ServiceProvider.GetRequiredService<Retention>().RunAsync(stoppingToken);
                if (now - started >= options.Value.SweepInterval
                    && await scope.ServiceProvider.GetRequiredService<Sweeps>().RunIfDueAsync(now - options.Value.SweepInterval, stoppingToken) is { } report)
                {
                    LogSwept(report.Objects, report.Removed, report.Missing);
                }
            }
            // whatever is away comes back; what could not be done is done the next time
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(ReportRetries.IsDatabaseAway(e) ? null : e, options.Value.Interval, (e.InnerException ?? e).Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Swept the object store: {Objects} objects, {Removed} removed, {Missing} missing")]
    private partial void LogSwept(long objects, long removed, long missing);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Keeping failed and is tried again within {Interval}: {Reason}")]
    private partial void LogFailed(Exception? exception, TimeSpan interval, string reason);
}
