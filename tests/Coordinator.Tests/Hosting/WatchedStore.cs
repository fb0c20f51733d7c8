using StableDiffusion.Storage;
using StableDiffusion.Storage.Folders;

namespace StableDiffusion.Coordinator.Tests.Hosting;

/// <summary>A folder of objects that tells what is asked of it.</summary>
internal sealed class WatchedStore : IObjectStore, IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("objects-");
    private readonly FolderObjectStore store;

    public WatchedStore() => store = new FolderObjectStore(folder.FullName, TimeProvider.System);

    /// <summary>From where objects were read.</summary>
    public List<long> Reads { get; } = [];

    /// <summary>Whether it is away when it is to be read.</summary>
    public Func<bool> Fails { get; set; } = () => false;

    /// <summary>Runs once, before the next listing is answered.</summary>
    public Func<Task>? BeforeListing { get; set; }

    public Task EnsureReadyAsync(CancellationToken cancellationToken) => store.EnsureReadyAsync(cancellationToken);

    public Task PutAsync(string key, ReadOnlyMemory<byte> bytes, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken) =>
        store.PutAsync(key, bytes, contentType, metadata, cancellationToken);

    public Task PutAsync(string key, Stream content, long length, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken) =>
        store.PutAsync(key, content, length, contentType, metadata, cancellationToken);

    public Task<StoredObject?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken)
    {
        Reads.Add(offset);
        return Fails() ? throw new ObjectStoreException("It is away.", transient: true) : store.OpenReadAsync(key, offset, cancellationToken);
    }

    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken) => store.HeadAsync(key, cancellationToken);

    public Task<Uri?> PresignAsync(string key, TimeSpan validFor) => store.PresignAsync(key, validFor);

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => store.DeleteAsync(key, cancellationToken);

    public async IAsyncEnumerable<ObjectEntry> ListAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (BeforeListing is { } first)
        {
            BeforeListing = null;
            await first();
        }

        await foreach (var entry in store.ListAsync(prefix, cancellationToken))
        {
            yield return entry;
        }
    }

    public void Dispose() => folder.Delete(recursive: true);
}
