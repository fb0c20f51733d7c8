namespace StableDiffusion.Storage;

/// <summary>
/// Where the farm keeps pictures: bytes under a key, written whole or not at all. Keys follow <see cref="ObjectKey"/>'s rules
/// (else <see cref="ArgumentException"/>); whatever the store itself cannot do is an <see cref="ObjectStoreException"/>.
/// </summary>
public interface IObjectStore
{
    /// <summary>Creates the bucket or folder where it is missing. Several processes may do so at once.</summary>
    Task EnsureReadyAsync(CancellationToken cancellationToken);

    /// <summary>Stores <paramref name="bytes"/>, replacing what was there. Readers see the old or the new object, never a part.</summary>
    /// <param name="key">See <see cref="ObjectKey"/>.</param>
    /// <param name="bytes">The whole object.</param>
    /// <param name="contentType">Media type, "image/png".</param>
    /// <param name="metadata">Names of a-z, 0-9 and '-'; values of printable ASCII.</param>
    /// <param name="cancellationToken">Cancelled: the object may or may not be stored, but never in part.</param>
    Task PutAsync(
        string key, ReadOnlyMemory<byte> bytes, string contentType,
        IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken);

    /// <summary>As the other, for what is too large for memory: read from a stream while it is sent, a few MiB at a time.</summary>
    /// <param name="key">See <see cref="ObjectKey"/>.</param>
    /// <param name="content">The object's bytes, from where the stream is to its end. Whatever reading it throws ends the call, comes out as it is, and
    /// leaves nothing stored; so a stream may refuse its own content as late as at its end.</param>
    /// <param name="length">How many they are.</param>
    /// <param name="contentType">Media type.</param>
    /// <param name="metadata">As with the other.</param>
    /// <param name="cancellationToken">Cancelled: the object may or may not be stored, but never in part.</param>
    /// <exception cref="InvalidDataException">The stream has fewer bytes, or more; nothing is stored.</exception>
    Task PutAsync(
        string key, Stream content, long length, string contentType,
        IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken);

    /// <summary>The object from a byte on, which the caller disposes; null when absent.</summary>
    /// <param name="key">See <see cref="ObjectKey"/>.</param>
    /// <param name="offset">The first byte that is wanted; at the object's end, or beyond it, there are none. What is told of the object is of the whole.</param>
    /// <param name="cancellationToken">Ends the opening; who reads the content gives a token of its own.</param>
    Task<StoredObject?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken);

    /// <summary>What is known of the object without its bytes; null when absent.</summary>
    Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken);

    /// <summary>A URL at which anybody can read the object for a while, without asking whether it is there; null where the store has none.</summary>
    /// <param name="key">See <see cref="ObjectKey"/>.</param>
    /// <param name="validFor">At most seven days.</param>
    Task<Uri?> PresignAsync(string key, TimeSpan validFor);

    /// <summary>Removes the object; no error when absent.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>All objects whose key starts with <paramref name="prefix"/> ("" for all), in no promised order.</summary>
    IAsyncEnumerable<ObjectEntry> ListAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>What every store can do.</summary>
public static class ObjectStoreReading
{
    /// <summary>The whole object, which the caller disposes; null when absent.</summary>
    public static Task<StoredObject?> OpenReadAsync(this IObjectStore store, string key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.OpenReadAsync(key, 0, cancellationToken);
    }
}
