using Microsoft.Extensions.Options;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>Runs a <see cref="DispatchRound"/> whenever something happened, and at least every <see cref="DispatchOptions.Interval"/>.</summary>
public sealed class Dispatcher(
    IServiceScopeFactory scopes, DispatchSignal signal, TimeProvider time, IOptions<DispatchOptions> options, ILogger<Dispatcher> logger)
    : BackgroundService
{
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var log = new RoundLog(logger);
        var forgetAt = time.GetUtcNow();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                await scope.ServiceProvider.GetRequiredService<DispatchRound>().RunAsync(stoppingToken);
                if (time.GetUtcNow() >= forgetAt)
                {
                    await scope.ServiceProvider.GetRequiredService<WorkerRegister>().ForgetAsync(stoppingToken);
                    forgetAt = time.GetUtcNow() + ForgetEvery;
                }

                log.Worked();
            }
            // the loop outlives whatever a round meets: a database or broker that is away comes back
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.Failed(e, options.Value.Interval);
                await Task.Delay(options.Value.Interval, time, stoppingToken);
            }

            await signal.WaitAsync(options.Value.Interval, time, stoppingToken);
        }
    }
}
