using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Files;

/// <summary>What this worker takes from the farm's store: adapters as they are registered and as images ask for them, checkpoints when it is told to load them.</summary>
#pragma warning disable CA1001 // nothing to let go of in a semaphore, and whoever waits when the host ends must not meet a disposed one
public sealed partial class PulledFiles(
    IndexReader reader, FileCache cache, CacheView view, IOptions<PullOptions> options, IOptions<WorkerOptions> worker, ILogger<PulledFiles> logger)
{
    private const string Tokenizer = "tokenizer";
    private readonly SemaphoreSlim turn = new(1);
    private bool unread;

    /// <summary>Registered checkpoints that the settings allow <see cref="EnsureAsync"/> to bring here, and of those that are too large the reason.</summary>
    /// <param name="room">Where their weights would be.</param>
    public IReadOnlyList<(IndexedFile File, string? TooLarge)> Checkpoints(ModelRoom room) =>
        [.. reader.Index.Files.Where(file => file.Kind == FileKind.Checkpoint && options.Value.MayPull(file.Name)).Select(file => (file, CheckpointFit.Fault(file, room, options.Value.CacheBytes)))];

    /// <summary>Registered adapters that are here or can be brought here.</summary>
    public IReadOnlyList<AdapterDescription> Adapters =>
        [.. Files.Select(file => new AdapterDescription { Kind = file.Kind.Adapter()!.Value, Name = file.Name, Hash = file.Sha256 })];

    private IEnumerable<IndexedFile> Files => options.Value.Pull == "none" ? []
        : reader.Index.Files.Where(file => file.Kind != FileKind.Checkpoint && file.Parts.Sum(part => part.Bytes) <= options.Value.CacheBytes);

    /// <summary>Reads the farm's index where it changed. Where it cannot be read, what is known of it stays.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Pull == "none")
        {
            return;
        }

        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            unread = false;
        }
        catch (ObjectStoreException e)
        {
            if (!unread)
            {
                LogNoIndex(e.Message);
            }

            unread = true; // said once
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Brings adapters here as long as there is room without dropping anything, and shows those that are here. What cannot be had now is left for the
    /// next time, or for when an image asks for it.</summary>
    public async Task PullAsync(CancellationToken cancellationToken)
    {
        foreach (var file in Files.Where(file => !file.Parts.All(cache.Has)))
        {
            try
            {
                if (cache.HasRoom(file.Parts))
                {
                    using var hold = await cache.HoldAsync(file.Parts, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is ObjectStoreException or IOException or UnauthorizedAccessException)
            {
                LogLeft(file.Kind, file.Name, e.Message);
            }
        }

        Show();
    }

    /// <summary>Brings a registered checkpoint here, and keeps it in the cache until the result is disposed: what is loaded needs its files no longer, and another
    /// may want their room. Null where none of that name may be pulled.</summary>
    /// <exception cref="ObjectStoreException">The store is away, or has not what the index says.</exception>
    /// <exception cref="IOException">It does not fit on the disk or into the cache.</exception>
    public async Task<FoundModel?> EnsureAsync(string model, ScalarType dtype, CancellationToken cancellationToken)
    {
        if (reader.Index.Find(FileKind.Checkpoint, model) is null)
        {
            await ReadAsync(cancellationToken).ConfigureAwait(false); // registered a moment ago
        }

        if (reader.Index.Find(FileKind.Checkpoint, model) is not { } file || !options.Value.MayPull(model))
        {
            return null;
        }

        var parts = CheckpointParts.Needed(file, dtype);
        var hold = await cache.HoldAsync(parts, cancellationToken).ConfigureAwait(false);
        try
        {
            var hasTokenizer = file.Parts.Any(part => part.Path.StartsWith(Tokenizer + "/", StringComparison.Ordinal));
            return new FoundModel(new ModelFolder(model, view.Show(file, parts, hasTokenizer ? null : LocalTokenizer())), file, hold);
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <summary>Brings adapters here that images ask for and this worker could have, and keeps them in the cache until the result is disposed.</summary>
    /// <param name="hashes">What images name.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<FileHold> HoldAsync(IReadOnlyCollection<(AdapterKind Kind, string Hash)> hashes, CancellationToken cancellationToken)
    {
        var parts = Files.Where(file => hashes.Contains((file.Kind.Adapter()!.Value, file.Sha256))).SelectMany(file => file.Parts).ToList();
        if (parts.Count == 0)
        {
            return FileHold.None;
        }

        var missing = !parts.All(cache.Has);
        var hold = await cache.HoldAsync(parts, cancellationToken).ConfigureAwait(false);
        if (missing)
        {
            Show();
        }

        return hold;
    }

    private void Show()
    {
        try
        {
            view.Show(Files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotShown(e.Message);
        }
    }

    /// <summary>A vocabulary beside this worker's own models, or in one of them.</summary>
    private string? LocalTokenizer() => worker.Value.ModelFolders.Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).Prepend(folder))
        .Select(folder => Path.GetFileName(folder) == Tokenizer ? folder : Path.Combine(folder, Tokenizer))
        .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "vocab.json")));

    [LoggerMessage(Level = LogLevel.Warning, Message = "The farm's index of model files cannot be read; what is known of it stays: {Reason}")]
    private partial void LogNoIndex(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The {Kind} {Name} could not be pulled; tried again: {Reason}")]
    private partial void LogLeft(FileKind kind, string name, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Pulled adapters could not be shown: {Reason}")]
    private partial void LogNotShown(string reason);
}
