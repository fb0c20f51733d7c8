using System.Diagnostics;
using Microsoft.Extensions.Options;
using StableDiffusion.Coordinator.Images.Lifecycle;
using StableDiffusion.Coordinator.Watching;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>Of several coordinators one dispatches: it runs a <see cref="DispatchRound"/> whenever something happened, and at least every
/// <see cref="DispatchOptions.Interval"/>. The others pass on what happens at theirs, and take over when it is gone.</summary>
public sealed partial class Dispatcher(
    IServiceScopeFactory scopes, Leadership leadership, DispatchSignal signal, FarmMeter meter, TimeProvider time, IOptions<DispatchOptions> options, ILogger<Dispatcher> logger)
    : BackgroundService
{
    private static readonly TimeSpan UpkeepEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RemoveEvery = TimeSpan.FromHours(1);

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

            // beside the rounds, so that none waits for it
            using var together = CancellationTokenSource.CreateLinkedTokenSource(leading);
            Task[] loops = [RunRoundsAsync(log, together.Token), KeepUpAsync(together.Token)];
            try
            {
                await await Task.WhenAny(loops);
            }
            finally
            {
                await together.CancelAsync();
                await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task RunRoundsAsync(RoundLog log, CancellationToken cancellationToken)
    {
        while (true)
        {
            var began = Stopwatch.GetTimestamp();
            await using (var scope = scopes.CreateAsyncScope())
            {
                await scope.ServiceProvider.GetRequiredService<DispatchRound>().RunAsync(cancellationToken);
            }

            meter.Round(began);
            log.Worked();
            await signal.WaitAsync(options.Value.Interval, time, cancellationToken);
        }
    }

    private async Task KeepUpAsync(CancellationToken cancellationToken)
    {
        for (var removeAt = DateTimeOffset.MinValue; ;)
        {
            await using (var scope = scopes.CreateAsyncScope())
            {
                var upkeep = scope.ServiceProvider.GetRequiredService<Upkeep>();
                await upkeep.RunAsync(cancellationToken);
                if (time.GetUtcNow() >= removeAt)
                {
                    await upkeep.RemoveWorkersAsync(cancellationToken);
                    removeAt = time.GetUtcNow() + RemoveEvery;
                }
            }

            signal.Wake(); // for what was put back
            await Task.Delay(UpkeepEvery, time, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This coordinator dispatches; it takes {Count} images back that the one before may not have published")]
    private partial void LogLeads(int count);
}
