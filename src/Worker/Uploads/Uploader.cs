using Microsoft.Extensions.Logging;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Groups;

namespace StableDiffusion.Worker.Uploads;

/// <summary>Puts files into the object store, again after a pause where the fault may pass.</summary>
public sealed partial class Uploader(IObjectStore store, WorkInHand inHand, TimeProvider time, ILogger<Uploader> logger)
{
    /// <summary>Pauses between the tries, for about five minutes: while a store is away its pictures wait here, for which there is room, and are neither lost nor
    /// drawn anew.</summary>
    public static IReadOnlyList<TimeSpan> Pauses { get; } = [.. new[] { 0.5, 1, 2, 4 }.Concat(Enumerable.Repeat(5.0, 58)).Select(TimeSpan.FromSeconds)];

    /// <summary>Stores the file whole.</summary>
    /// <exception cref="ObjectStoreException">The last try failed, or the fault is none that passes.</exception>
    /// <exception cref="OperationCanceledException">The worker shuts down while the store is away.</exception>
    public async Task PutAsync(string key, byte[] file, string contentType, CancellationToken cancellationToken)
    {
        foreach (var pause in Pauses)
        {
            try
            {
                await store.PutAsync(key, file, contentType, metadata: null, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (ObjectStoreException e) when (e.IsTransient)
            {
                LogRetry(e, key, pause, e.Message);
            }
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(inHand.Stopping, cancellationToken);
            await Task.Delay(pause, time, stop.Token).ConfigureAwait(false);
        }
        await store.PutAsync(key, file, contentType, metadata: null, cancellationToken).ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Upload of {Key} failed, next try in {Pause}: {Reason}")]
    private partial void LogRetry(Exception error, string key, TimeSpan pause, string reason);
}
