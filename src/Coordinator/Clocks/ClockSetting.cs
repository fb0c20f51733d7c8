using Npgsql;

namespace StableDiffusion.Coordinator.Clocks;

/// <summary>Sets the <see cref="FarmClock"/> before anything else starts that looks at it, and every minute.</summary>
internal sealed partial class ClockSetting(FarmClock clock, NpgsqlDataSource database, ILogger<ClockSetting> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Remarkable = TimeSpan.FromSeconds(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await SetAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await SetAsync(stoppingToken);
        }
    }

    private async Task SetAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await clock.SetAsync(database, cancellationToken) && clock.Ahead.Duration() > Remarkable)
            {
                LogApart(clock.Ahead);
            }
        }
        catch (Exception e) when (ReportRetries.IsDatabaseAway(e))
        {
            // it goes on as it went
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database's clock, which the farm goes by, is ahead of this machine's by {Ahead}; set both by NTP")]
    private partial void LogApart(TimeSpan ahead);
}
