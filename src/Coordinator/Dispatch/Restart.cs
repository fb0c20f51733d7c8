using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Images.Lifecycle;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>With <see cref="DispatchOptions.RequeueAtStart"/>: the bus and the workers end with this process, so nothing is under
/// way before it starts or after it has stopped.</summary>
internal sealed partial class Restart(IServiceScopeFactory scopes, IOptions<DispatchOptions> options, ILogger<Restart> logger) : IHostedLifecycleService
{
    private bool started;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.Value.RequeueAtStart)
        {
            await using var scope = scopes.CreateAsyncScope();
            var count = await scope.ServiceProvider.GetRequiredService<ImageLosses>().RestartAsync(cancellationToken);
            LogTakenBack(count);
            // until the next worker reports, nobody listens, and no model is held
            var db = scope.ServiceProvider.GetRequiredService<FarmDb>();
            await db.Workers.ExecuteDeleteAsync(cancellationToken);
            await db.Models.Where(model => !db.Files.Any(file => file.Kind == FileKind.Checkpoint && file.Name == model.Name)) // what is registered can be asked for all the same
                .ExecuteDeleteAsync(cancellationToken);
            await db.Adapters.ExecuteDeleteAsync(cancellationToken);
            started = true;
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The worker has handed its work back; what it said last may have been lost with the bus, and is no failure.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (!started)
        {
            return;
        }

        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<ImageLosses>().StopAsync(cancellationToken);
        }
        catch (Exception e) when (ReportRetries.IsDatabaseAway(e))
        {
            LogNotHandedBack((e.InnerException ?? e).Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Took back {Count} images that were under way when the farm ended")]
    private partial void LogTakenBack(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was under way could not be handed back, the next start will count it as failed: {Reason}")]
    private partial void LogNotHandedBack(string reason);
}
