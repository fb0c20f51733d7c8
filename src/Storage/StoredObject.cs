namespace StableDiffusion.Storage;

/// <summary>An object opened for reading. Its stream may fail with an <see cref="IOException"/> while it is read.</summary>
public sealed class StoredObject(ObjectInfo info, Stream content, IDisposable? owner = null) : IAsyncDisposable
{
    /// <summary>Length of the whole, content type and metadata.</summary>
    public ObjectInfo Info { get; } = info;

    /// <summary>The bytes, once, from where it was opened.</summary>
    public Stream Content { get; } = content;

    /// <summary>Closes the stream and the connection behind it.</summary>
    public async ValueTask DisposeAsync()
    {
        await Content.DisposeAsync().ConfigureAwait(false);
        owner?.Dispose();
    }
}
