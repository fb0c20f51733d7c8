using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace StableDiffusion.Storage.Hosting;

/// <summary>
/// Makes the bucket or folder at start. A store that is away does not keep the process from starting: it tries on until the
/// store answers, and until then writes fail with a transient error.
/// </summary>
internal sealed partial class ObjectStorePreparation(
    IObjectStore store, TimeProvider time, ILogger<ObjectStorePreparation> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await store.EnsureReadyAsync(stoppingToken).ConfigureAwait(false);
                return;
            }
            catch (ObjectStoreException e)
            {
                LogNotReady(e, e.Message, Pause);
            }
            await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The object store is not ready, next try in {Pause}: {Reason}")]
    private partial void LogNotReady(Exception exception, string reason, TimeSpan pause);
}
