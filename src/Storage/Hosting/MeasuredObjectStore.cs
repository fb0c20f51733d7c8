using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace StableDiffusion.Storage.Hosting;

/// <summary>Counts what another store does: how long its operations take, and how many it could not carry out. A read is measured until its first byte.</summary>
public sealed class MeasuredObjectStore(IObjectStore store) : IObjectStore, IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "StableDiffusion.Storage";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "farm.objects.duration", "s", "Time that the object store took for an operation.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60] });

    private static readonly Counter<long> Errors = Meter.CreateCounter<long>(
        "farm.objects.errors", "{error}", "Operations that the object store did not carry out; transient where the same may pass later.");

    /// <summary>The store.</summary>
    public IObjectStore Store => store;

    /// <inheritdoc/>
    public Task EnsureReadyAsync(CancellationToken cancellationToken)
    {
        // told of from the start, so that the first time is seen as a change
        foreach (var operation in new[] { "ready", "put", "get", "head", "delete", "list" })
        {
            Errors.Add(0, new("operation", operation), new("transient", "yes"));
        }

        return MeasureAsync("ready", store.EnsureReadyAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public Task PutAsync(
        string key, ReadOnlyMemory<byte> bytes, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken) =>
        MeasureAsync("put", store.PutAsync(key, bytes, contentType, metadata, cancellationToken));

    /// <inheritdoc/>
    public Task PutAsync(
        string key, Stream content, long length, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken) =>
        MeasureAsync("put", store.PutAsync(key, content, length, contentType, metadata, cancellationToken));

    /// <inheritdoc/>
    public async Task<StoredObject?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken)
    {
        var read = store.OpenReadAsync(key, offset, cancellationToken);
        await MeasureAsync("get", read).ConfigureAwait(false);
        return await read.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        var head = store.HeadAsync(key, cancellationToken);
        await MeasureAsync("head", head).ConfigureAwait(false);
        return await head.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<Uri?> PresignAsync(string key, TimeSpan validFor) => store.PresignAsync(key, validFor); // asks nobody

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken) => MeasureAsync("delete", store.DeleteAsync(key, cancellationToken));

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectEntry> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var entries = store.ListAsync(prefix, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            bool more;
            try
            {
                more = await entries.MoveNextAsync().ConfigureAwait(false);
            }
            catch (ObjectStoreException error)
            {
                Count("list", error);
                throw;
            }

            if (!more)
            {
                yield break;
            }

            yield return entries.Current;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => (store as IDisposable)?.Dispose();

    private static async Task MeasureAsync(string operation, Task task)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            await task.ConfigureAwait(false);
            Duration.Record(Stopwatch.GetElapsedTime(began).TotalSeconds, new KeyValuePair<string, object?>("operation", operation));
        }
        catch (ObjectStoreException error)
        {
            Count(operation, error);
            throw;
        }
    }

    private static void Count(string operation, ObjectStoreException error) =>
        Errors.Add(1, new("operation", operation), new("transient", error.IsTransient ? "yes" : "no"));
}
