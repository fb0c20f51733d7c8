using Microsoft.Extensions.Options;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Files;

/// <summary>Looks through the store at start, and reads files through, ends removals and writes the index whenever something happened, and at least every
/// <see cref="FilesOptions.Interval"/>.</summary>
public sealed partial class FileWork(
    IServiceScopeFactory scopes, FileSignal signal, TimeProvider time, IOptions<FilesOptions> options, ILogger<FileWork> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var scanned = false; !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                if (!scanned)
                {
                    var found = await scope.ServiceProvider.GetRequiredService<FileScan>().RunAsync(stoppingToken);
                    LogScanned(found.Found, found.Added, found.Changed, found.Gone);
                    scanned = true;
                }

                try
                {
                    await scope.ServiceProvider.GetRequiredService<FileRegistry>().WorkAsync(stoppingToken);
                }
                finally
                {
                    await scope.ServiceProvider.GetRequiredService<FileIndexWriter>().WriteAsync(stoppingToken); // of what is ready all the same
                }
            }
            // the loop outlives whatever it meets: a database or store that is away comes back
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Log(e);
            }

            await signal.WaitAsync(options.Value.Interval, time, stoppingToken);
        }
    }

    private void Log(Exception error)
    {
        if (error is ObjectStoreException { IsTransient: true } || ReportRetries.IsDatabaseAway(error))
        {
            LogWaits(error.Message);
        }
        else
        {
            LogFailed(error);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Model files in the object store: {Found}, of which {Added} are new, {Changed} changed; {Gone} are gone")]
    private partial void LogScanned(int found, int added, int changed, int gone);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model files wait for what is away: {Reason}")]
    private partial void LogWaits(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model files could not be looked after; tried again")]
    private partial void LogFailed(Exception exception);
}
