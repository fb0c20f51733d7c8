using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Adapters;

/// <summary>Keeps <see cref="HeldAdapters"/> as the folders are, so that a file can be put there, replaced and removed while the worker runs.</summary>
#pragma warning disable CA1001 // nothing to let go of in a semaphore, and whoever waits when the host ends must not meet a disposed one
public sealed partial class AdapterWatch(
    AdapterFolders folders, HeldAdapters held, TimeProvider time, IOptions<WorkerOptions> options, ILogger<AdapterWatch> logger)
{
    private readonly SemaphoreSlim turn = new(1);

    /// <summary>Looks as often as a heartbeat tells what is held, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(options.Value.HeartbeatInterval, time, cancellationToken).ConfigureAwait(false);
            await LookAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Looks once. Where a folder cannot be read, all stays as it was.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var before = held.All;
            held.Replace(await Task.Run(() => folders.FindAsync(cancellationToken), cancellationToken).ConfigureAwait(false));
            var now = held.All;
            foreach (var adapter in now.Except(before))
            {
                LogFound(adapter.Kind, adapter.Name, adapter.Hash);
            }

            foreach (var adapter in before.Except(now))
            {
                LogGone(adapter.Kind, adapter.Name, adapter.Hash);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            LogUnreadable(error, error.Message);
        }
        finally
        {
            turn.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Holds the {Kind} {Name}, hash {Hash}")]
    private partial void LogFound(AdapterKind kind, string name, string hash);

    [LoggerMessage(Level = LogLevel.Information, Message = "No longer holds the {Kind} {Name}, hash {Hash}")]
    private partial void LogGone(AdapterKind kind, string name, string hash);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The adapters' folders cannot be read: {Reason}")]
    private partial void LogUnreadable(Exception error, string reason);
}
