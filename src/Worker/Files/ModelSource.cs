using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Diffusion;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Worker.Hosting;
using StableDiffusion.Worker.Models;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Files;

/// <summary>Where a model of a name is loaded from: a folder of this worker's, or the farm's store. What is registered is what requests mean, so a model of this
/// worker's that has a registered name and another content is passed over.</summary>
public sealed partial class ModelSource(PulledFiles files, IndexReader reader, IOptions<WorkerOptions> worker, IOptions<PullOptions> pull, ILogger<ModelSource> logger)
{
    private readonly ConcurrentDictionary<string, FoundModel> found = new(); // as they were found last

    /// <summary>Names of the models to load at start: those in this worker's folders, and those that Worker:Checkpoints names.</summary>
    public IReadOnlyList<string> AtStart => [.. ModelFolder.Find(worker.Value.ModelFolders).Select(folder => folder.Name).Union(pull.Value.CheckpointNames)];

    /// <summary>Where the model lies, once it is here, until the result is disposed.</summary>
    /// <param name="name">The name that requests use.</param>
    /// <param name="dtype">The type that its weights get: of a folder's variants, the one for it is pulled.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ModelMissingException">Here is none that may be loaded under this name; the message says what to do.</exception>
    /// <exception cref="Storage.ObjectStoreException">The store is away, or has not what the index says.</exception>
    /// <exception cref="IOException">It does not fit on the disk or into the cache.</exception>
    public async Task<FoundModel> FindAsync(string name, ScalarType dtype, CancellationToken cancellationToken) =>
        found[name] = await LookAsync(name, dtype, cancellationToken).ConfigureAwait(false);

    /// <summary>Why there is no room for a model just now; null where there is, or where that cannot be told.</summary>
    /// <param name="name">The model's.</param>
    /// <param name="room">Where its weights would be.</param>
    /// <param name="free">Bytes that are free there; null where that is not known, or need not be looked at.</param>
    public string? LackFor(string name, ModelRoom room, long? free)
    {
        ArgumentNullException.ThrowIfNull(room);
        return free is { } left && WeightsOf(name, room) is { } bytes && bytes > left
            ? $"its weights take {CheckpointFit.Size(bytes)}, and {CheckpointFit.Size(left)} of {room.Place} are free just now"
            : null;
    }

    /// <summary>SHA-256 of what the model was registered as when it was found last: "" where it was not, null where the farm's index is not followed.</summary>
    public string? ContentOf(string name) => pull.Value.Pull != "none" && found.TryGetValue(name, out var model) ? model.Registered?.Sha256 ?? "" : null;

    /// <summary>Whether the model, as it was found last, is from the farm's store.</summary>
    public bool IsPulled(string name) => found.TryGetValue(name, out var model) && model.Hold is not null;

    /// <summary>Whether the model, as it was found last, is no longer what requests mean: another content is registered now, or none.</summary>
    public bool IsOutdated(string name)
    {
        if (pull.Value.Pull == "none" || !found.TryGetValue(name, out var model))
        {
            return false;
        }

        var registered = reader.Index.Find(FileKind.Checkpoint, name);
        return registered is null ? model.Hold is not null : model.Registered is null || !registered.HasContentOf(model.Registered);
    }

    /// <summary>The same, after a look at the farm's index.</summary>
    public async Task<bool> IsOutdatedAsync(string name, CancellationToken cancellationToken)
    {
        await files.ReadAsync(cancellationToken).ConfigureAwait(false);
        return IsOutdated(name);
    }

    /// <summary>Bytes that a model's weights take in memory; null where that is not known.</summary>
    private long? WeightsOf(string name, ModelRoom room)
    {
        if (pull.Value.Pull != "none" && reader.Index.Find(FileKind.Checkpoint, name) is { } registered)
        {
            return CheckpointFit.Weights(registered, room);
        }

        try
        {
            return Own(name) is { NameFault: null } own ? NeededWeights.Count(own.Path, room.Dtype) * room.WeightBytes : null;
        }
        catch (Exception e) when (e is InvalidModelException or IOException or UnauthorizedAccessException)
        {
            return null; // loading it says what is wrong
        }
    }

    private ModelFolder? Own(string name) => ModelFolder.Find(worker.Value.ModelFolders).FirstOrDefault(folder => folder.Name == name);

    private async Task<FoundModel> LookAsync(string name, ScalarType dtype, CancellationToken cancellationToken)
    {
        var own = Own(name);
        if (own?.NameFault is { } fault)
        {
            throw new ModelMissingException(fault);
        }

        var registered = reader.Index.Find(FileKind.Checkpoint, name);
        if (own is not null && (registered is null || await IsAsync(own, registered, cancellationToken).ConfigureAwait(false)))
        {
            return new FoundModel(own, registered, Hold: null);
        }

        if (await files.EnsureAsync(name, dtype, cancellationToken).ConfigureAwait(false) is { } pulled)
        {
            if (own is not null)
            {
                LogPassedOver(own.Path, name);
            }

            return pulled;
        }

        throw new ModelMissingException(own is not null
            ? $"{own.Path} is not the checkpoint that is registered as \"{name}\" (hash {registered!.Sha256}): give it another name, or let the worker pull the registered one (Worker:Pull)"
            : $"no folder of Worker:Models has a model \"{name}\", and none that this worker may pull is registered: upload it with PUT /v1/files/checkpoint/{name}/content");
    }

    /// <summary>Whether a model of this worker's has the registered content: what it has of the registered files is the same, and it has no other weights.</summary>
    private static async Task<bool> IsAsync(ModelFolder own, IndexedFile registered, CancellationToken cancellationToken)
    {
        var parts = registered.Parts.ToDictionary(part => part.Path);
        if (own.IsFile)
        {
            return parts.TryGetValue(registered.Name + FileName.Weights, out var whole) && await IsAsync(own.Path, whole, cancellationToken).ConfigureAwait(false);
        }

        foreach (var path in Directory.EnumerateFiles(own.Path, "*", SearchOption.AllDirectories))
        {
            var isRegistered = parts.TryGetValue($"{registered.Name}/{Path.GetRelativePath(own.Path, path).Replace(Path.DirectorySeparatorChar, '/')}", out var part);
            if (isRegistered ? !await IsAsync(path, part!, cancellationToken).ConfigureAwait(false) : path.EndsWith(FileName.Weights, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private static async Task<bool> IsAsync(string path, FilePart part, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        return file.Length == part.Bytes && Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false)) == part.Sha256;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} is passed over: another content is registered as {Model}, and that is drawn with")]
    private partial void LogPassedOver(string path, string model);
}

/// <summary>A worker has no model that it may load under a name.</summary>
public sealed class ModelMissingException(string message) : Exception(message);
