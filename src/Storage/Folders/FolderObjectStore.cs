using System.Runtime.CompilerServices;
using System.Text.Json;

namespace StableDiffusion.Storage.Folders;

/// <summary>
/// Objects as plain files, for a farm in one process: <c>objects/KEY</c> holds the bytes, <c>metadata/KEY.json</c> the content
/// type and metadata where they are not what the name says, <c>temporary/</c> what is being written. Every file is written
/// aside, synced and renamed into place, the metadata first, so the bytes' rename is what makes an object exist. While an object is replaced by one of another content
/// type, a reader may for a moment see the new type with the old bytes. A key cannot be another key's folder.
/// </summary>
public sealed class FolderObjectStore : IObjectStore
{
    private const int BufferBytes = 1 << 20;
    private static readonly TimeSpan TemporaryFilesAge = TimeSpan.FromHours(1);
    private readonly string objects;
    private readonly string metadata;
    private readonly string temporary;
    private readonly TimeProvider time;

    /// <summary>Touches no file before the first call.</summary>
    public FolderObjectStore(string folder, TimeProvider time)
    {
        objects = Path.Combine(Path.GetFullPath(folder), "objects");
        metadata = Path.Combine(Path.GetFullPath(folder), "metadata");
        temporary = Path.Combine(Path.GetFullPath(folder), "temporary");
        this.time = time;
    }

    private static Description Undescribed { get; } = new("application/octet-stream", new Dictionary<string, string>());

    private static Description Png { get; } = Undescribed with { ContentType = "image/png" };

    private sealed record Description(string ContentType, IReadOnlyDictionary<string, string> Metadata);

    /// <inheritdoc/>
    public Task EnsureReadyAsync(CancellationToken cancellationToken) => Call($"create {objects}", () =>
    {
        Directory.CreateDirectory(objects);
        Directory.CreateDirectory(metadata);
        foreach (var left in Directory.CreateDirectory(temporary).EnumerateFiles())
        {
            // of a process that died while writing; younger ones may belong to one that lives
            if (time.GetUtcNow() - left.LastWriteTimeUtc > TemporaryFilesAge)
            {
                left.Delete();
            }
        }
        return true;
    });

    /// <inheritdoc/>
    public async Task PutAsync(
        string key, ReadOnlyMemory<byte> bytes, string contentType,
        IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        var (path, descriptionPath) = Paths(key);
        ObjectKey.CheckMetadata(metadata);
        cancellationToken.ThrowIfCancellationRequested();
        await Call($"write {path}", () =>
        {
            Describe(key, descriptionPath, contentType, metadata);
            WriteWhole(path, bytes.Span);
            return true;
        }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task PutAsync(
        string key, Stream content, long length, string contentType,
        IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        var (path, descriptionPath) = Paths(key);
        ObjectKey.CheckMetadata(metadata);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var aside = await Call($"write {path}", () => new FileAside(temporary)).ConfigureAwait(false);
        using (aside)
        {
            await foreach (var part in ExactContent.PartsAsync(content, length, new byte[BufferBytes], cancellationToken).ConfigureAwait(false))
            {
                await Call($"write {path}", () => aside.Append(part.Span)).ConfigureAwait(false);
            }

            await Call($"write {path}", () =>
            {
                Describe(key, descriptionPath, contentType, metadata);
                return aside.MoveTo(path);
            }).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task<StoredObject?> OpenReadAsync(string key, long offset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var (path, descriptionPath) = Paths(key);
        return Call($"read {path}", () =>
        {
            if (!File.Exists(path))
            {
                return null;
            }
            // opened once: the length is that of these bytes, whatever replaces the file meanwhile
            var content = new FileStream(path, new FileStreamOptions { Options = FileOptions.Asynchronous, Share = FileShare.ReadWrite | FileShare.Delete });
            content.Position = offset;
            return new StoredObject(Info(key, content.Length, File.GetLastWriteTimeUtc(path), descriptionPath), content);
        });
    }

    /// <inheritdoc/>
    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        var (path, descriptionPath) = Paths(key);
        return Call($"look for {path}", () =>
            new FileInfo(path) is { Exists: true } file ? Info(key, file.Length, file.LastWriteTimeUtc, descriptionPath) : null);
    }

    /// <inheritdoc/>
    public Task<Uri?> PresignAsync(string key, TimeSpan validFor)
    {
        ObjectKey.Check(key);
        return Task.FromResult<Uri?>(null);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var (path, descriptionPath) = Paths(key);
        return Call($"delete {path}", () =>
        {
            foreach (var file in new[] { path, descriptionPath }.Where(File.Exists))
            {
                File.Delete(file);
            }
            return true;
        });
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ObjectEntry> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var entries = await Call($"list {objects}", () => Directory.Exists(objects)
            ? new DirectoryInfo(objects).EnumerateFiles("*", SearchOption.AllDirectories)
                .Select(file => (Key: Path.GetRelativePath(objects, file.FullName).Replace(Path.DirectorySeparatorChar, '/'), File: file))
                .Where(found => found.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Select(found => new ObjectEntry(found.Key, found.File.Length, found.File.LastWriteTimeUtc))
                .ToList()
            : []).ConfigureAwait(false);
        foreach (var entry in entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return entry;
        }
    }

    private (string Path, string DescriptionPath) Paths(string key)
    {
        ObjectKey.Check(key);
        return (Path.Combine(objects, key), Path.Combine(metadata, key + ".json"));
    }

    private static ObjectInfo Info(string key, long length, DateTime modified, string descriptionPath)
    {
        var description = File.Exists(descriptionPath) ? JsonSerializer.Deserialize<Description>(File.ReadAllBytes(descriptionPath))! : Implied(key);
        return new ObjectInfo(key, length, modified, description.ContentType, description.Metadata);
    }

    /// <summary>What an object is without a word about it, as most pictures are, and files that somebody put there by hand.</summary>
    private static Description Implied(string key) => key.EndsWith(".png", StringComparison.Ordinal) ? Png : Undescribed;

    private void Describe(string key, string descriptionPath, string contentType, IReadOnlyDictionary<string, string>? metadata)
    {
        if (contentType != Implied(key).ContentType || metadata is { Count: > 0 })
        {
            WriteWhole(descriptionPath, JsonSerializer.SerializeToUtf8Bytes(new Description(contentType, metadata ?? Undescribed.Metadata)));
        }
        else if (File.Exists(descriptionPath))
        {
            File.Delete(descriptionPath); // of what is being replaced
        }
    }

    private void WriteWhole(string path, ReadOnlySpan<byte> bytes)
    {
        using var aside = new FileAside(temporary);
        aside.Append(bytes);
        aside.MoveTo(path);
    }

    private static async Task<T> Call<T>(string what, Func<T> work)
    {
        try
        {
            return await Task.Run(work).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ObjectStoreException($"Could not {what}: {e.Message}", transient: e is IOException, e);
        }
    }
}
