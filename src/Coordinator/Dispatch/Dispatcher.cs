using Microsoft.Extensions.Options;
using StableDiffusion.Coordinator.Images.Lifecycle;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>Of several coordinators one dispatches: it runs a <see cref="DispatchRound"/> whenever something happened, and at least every
/// <see cref="DispatchOptions.Interval"/>. The others pass on what happens at theirs, and take over when it is gone.</summary>
public sealed partial class Dispatcher(
    IServiceScopeFactory scopes, Leadership leadership, DispatchSignal signal, TimeProvider time, IOptions<DispatchOptions> options, ILogger<Dispatcher> logger)
    : BackgroundService
{
    private static readonly TimeSpan UpkeepEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RemoveEvery = TimeSpan.FromHours(1);
    private DateTimeOffset upkeepAt, removeAt;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var log = new RoundLog(logger);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await leadership.LeadAsync(LeadAsync, stoppingToken);
            }
            // the loop outlives whatever a round meets: a database or broker that is away comes back
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.Failed(e, options.Value.Interval);
                await Task.Delay(options.Value.Interval, time, stoppingToken);
            }
        }

        async Task LeadAsync(CancellationToken leading)
        {
            await using (var scope = scopes.CreateAsyncScope())
            {
                var superseded = await scope.ServiceProvider.GetRequiredService<ImageLosses>().SupersedeAsync(leading);
                LogLeads(superseded.Count);
            }

            while (true)
            {
                await RunAsync(leading);
                log.Worked();
                await signal.WaitAsync(options.Value.Interval, time, leading);
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var now = time.GetUtcNow();
        if (now >= upkeepAt)
        {
            await scope.ServiceProvider.GetRequiredService<Upkeep>().RunAsync(cancellationToken);
            upkeepAt = now + UpkeepEvery;
        }

        if (now >= removeAt)
        {
            await scope.ServiceProvider.GetRequiredService<Upkeep>().RemoveWorkersAsync(cancellationToken);
            removeAt = now + RemoveEvery;
        }

        await scope.ServiceProvider.GetRequiredService<DispatchRound>().RunAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This coordinator dispatches; it takes {Count} images back that the one before may not have published")]
    private partial void LogLeads(int count);
}
