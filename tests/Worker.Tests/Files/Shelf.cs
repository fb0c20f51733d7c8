using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Files;

/// <summary>A store of registered files, and caches on one folder, as workers of one machine have them.</summary>
internal sealed class Shelf : IObjectStore, IDisposable
{
    private readonly ConcurrentDictionary<string, byte[]> objects = new();
    private readonly List<IndexedFile> files = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("shelf-").FullName;

    public SkippingTime Time { get; } = new();

    /// <summary>Bytes in place of those that an object has from where it is read on, asked for at each read.</summary>
    public Func<string, byte[], Stream> Read { get; set; } = (_, bytes) => new MemoryStream(bytes);

    /// <summary>Keys in the order of their reads, but for the index's.</summary>
    public ConcurrentQueue<string> Reads { get; } = new();

    /// <summary>The first byte of each of these reads.</summary>
    public ConcurrentQueue<long> ReadFrom { get; } = new();

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>An object that is part of a file.</summary>
    public FilePart Part(string path, byte[] bytes)
    {
        objects["models/" + path] = bytes;
        return new FilePart { Path = path, Key = "models/" + path, Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)), Bytes = bytes.Length };
    }

    /// <summary>Registers a file; the index is as the coordinator writes it.</summary>
    public IndexedFile Register(FileKind kind, string name, params FilePart[] parts)
    {
        var file = new IndexedFile { Kind = kind, Name = name, Sha256 = FileHash.Of(name, parts), Parts = parts };
        files.RemoveAll(other => other.Kind == kind && other.Name == name);
        files.Add(file);
        WriteIndex();
        return file;
    }

    /// <summary>Registers a checkpoint in diffusers' layout.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="folder">Where it lies.</param>
    /// <param name="change">What is done to its configuration files.</param>
    public IndexedFile RegisterFolder(string name, string folder, Func<byte[], byte[]>? change = null) => Register(FileKind.Checkpoint, name, [.. Directory
        .EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => Part(
            $"{name}/{Path.GetRelativePath(folder, file)}",
            change is null || Path.GetFileName(file) != "config.json" ? File.ReadAllBytes(file) : change(File.ReadAllBytes(file))))]);

    /// <summary>Copies a folder with all that is in it.</summary>
    public static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public void Unregister(IndexedFile file)
    {
        files.Remove(file);
        WriteIndex();
    }

    public FileCache Cache(long bytes = 1 << 20, long diskSpace = 1 << 30) =>
        new(this, Time, Options.Create(Pull(bytes)), NullLogger<FileCache>.Instance) { DiskSpace = _ => diskSpace };

    /// <summary>All that a worker has for it.</summary>
    /// <param name="pull">Worker:Pull.</param>
    /// <param name="checkpoints">Worker:Checkpoints.</param>
    /// <param name="models">Worker:Models.</param>
    /// <param name="bytes">Worker:CacheBytes.</param>
    /// <param name="held">Where it notes the adapters that it finds.</param>
    public ShelfWorker Worker(string pull = "all", string checkpoints = "", string models = "", long bytes = 10 << 20, HeldAdapters? held = null)
    {
        var (options, worker) = (Options.Create(Pull(bytes, pull, checkpoints)), Options.Create(new WorkerOptions { Models = models }));
        var cache = new FileCache(this, Time, options, NullLogger<FileCache>.Instance);
        var view = new CacheView(cache, options);
        var reader = new IndexReader(this);
        var files = new PulledFiles(reader, cache, view, options, worker, NullLogger<PulledFiles>.Instance);
        held ??= new HeldAdapters();
        var folders = new AdapterFolders(worker, NullLogger<AdapterFolders>.Instance, view);
        var watch = new AdapterWatch(folders, held, Time, worker, NullLogger<AdapterWatch>.Instance);
        return new ShelfWorker(
            files, folders, new ModelSource(files, reader, worker, options, NullLogger<ModelSource>.Instance), new PulledAdapters(files, held, watch));
    }

    /// <summary>What was stored under a key.</summary>
    public byte[] this[string key] => objects[key];

    /// <summary>Contents in the cache, in the order of their names.</summary>
    public IReadOnlyList<string> Kept(string folder = "files") => Directory.Exists(Path.Combine(Folder, folder))
        ? [.. Directory.EnumerateFiles(Path.Combine(Folder, folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)]
        : [];

    public Task<StoredObject?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken)
    {
        if (!objects.TryGetValue(key, out var bytes))
        {
            return Task.FromResult<StoredObject?>(null);
        }

        if (key == FileIndex.Key)
        {
            return Task.FromResult<StoredObject?>(new StoredObject(Info(key, bytes), new MemoryStream(bytes) { Position = offset }));
        }

        Reads.Enqueue(key);
        ReadFrom.Enqueue(offset);
        return Task.FromResult<StoredObject?>(new StoredObject(Info(key, bytes), Read(key, bytes[(int)Math.Min(offset, bytes.Length)..])));
    }

    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken) => Task.FromResult(objects.TryGetValue(key, out var bytes) ? Info(key, bytes) : null);

    public Task EnsureReadyAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task PutAsync(string key, ReadOnlyMemory<byte> bytes, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        objects[key] = bytes.ToArray();
        return Task.CompletedTask;
    }

    public Task PutAsync(string key, Stream content, long length, string contentType, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<Uri?> PresignAsync(string key, TimeSpan validFor) => throw new NotSupportedException();

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IAsyncEnumerable<ObjectEntry> ListAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

    private static ObjectInfo Info(string key, byte[] bytes) => new(
        key, bytes.Length, DateTimeOffset.UnixEpoch, "x", new Dictionary<string, string> { [FileIndex.HashMetadata] = Convert.ToHexStringLower(SHA256.HashData(bytes)) });

    private PullOptions Pull(long bytes, string pull = "all", string checkpoints = "") => new() { Cache = Folder, CacheBytes = bytes, Pull = pull, Checkpoints = checkpoints };

    private void WriteIndex() => objects[FileIndex.Key] = new FileIndex { Files = files }.ToJson();
}

/// <summary>What a worker has of the farm's store.</summary>
internal sealed record ShelfWorker(PulledFiles Files, AdapterFolders Folders, ModelSource Models, PulledAdapters Adapters)
{
    /// <summary>What it does from time to time.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        await Files.ReadAsync(cancellationToken);
        await Files.PullAsync(cancellationToken);
    }
}
