using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;

namespace StableDiffusion.Worker.Files;

/// <summary>
/// Objects of the farm's store on this machine's disk, by what is in them: <c>files/SHA256</c>. Each is written aside, hashed meanwhile, and renamed into place
/// when it is what it should be. Workers may share the folder: a file in use is open with a shared lock, one that is being fetched has a lock's file in
/// <c>locks/</c>, and locks go with the process that has them.
/// </summary>
public sealed partial class FileCache(IObjectStore objects, TimeProvider time, IOptions<PullOptions> options, ILogger<FileCache> logger)
{
    private const int BufferBytes = 1 << 20;
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(200); // between looks at a lock that another has
    private static readonly TimeSpan LongestRead = TimeSpan.FromMinutes(1); // of a store that stops in the middle
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(20)];
    private readonly string files = Path.Combine(Path.GetFullPath(options.Value.Cache), "files");
    private readonly string temporary = Path.Combine(Path.GetFullPath(options.Value.Cache), "temporary");
    private readonly string locks = Path.Combine(Path.GetFullPath(options.Value.Cache), "locks");

    /// <summary>Bytes that are left on a folder's disk.</summary>
    public Func<string, long> DiskSpace { get; init; } = folder => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>Where a content lies when it is here.</summary>
    public string PathOf(string sha256) => Path.Combine(files, sha256);

    /// <summary>Whether a part is here.</summary>
    public bool Has(FilePart part) => new FileInfo(PathOf(part.Sha256)) is { Exists: true } file && file.Length == part.Bytes;

    /// <summary>Whether so many bytes more fit without dropping anything.</summary>
    public bool HasRoom(long bytes) => Used() + bytes <= options.Value.CacheBytes;

    /// <summary>Removes what workers that died left half-written.</summary>
    public void Clean()
    {
        foreach (var left in new[] { temporary, locks }.Where(Directory.Exists).SelectMany(Directory.EnumerateFiles))
        {
            Drop(left); // fails for what a living worker has open
        }
    }

    /// <summary>Brings all parts here that are not, and keeps them until the result is disposed.</summary>
    /// <exception cref="ObjectStoreException">The store is away, refuses, or has not what the index says, at the last try, too.</exception>
    /// <exception cref="IOException">The disk is full, or the cache is with what is in use.</exception>
    public async Task<FileHold> HoldAsync(IReadOnlyList<FilePart> parts, CancellationToken cancellationToken)
    {
        List<FileStream> held = [];
        try
        {
            foreach (var part in parts)
            {
                held.Add(TryHold(part) ?? await PullAsync(part, cancellationToken).ConfigureAwait(false));
            }

            return new FileHold(held);
        }
        catch
        {
            new FileHold(held).Dispose();
            throw;
        }
    }

    private async Task<FileStream> PullAsync(FilePart part, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await PullOnceAsync(part, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (attempt < Pauses.Length && e is ObjectStoreException { IsTransient: true } or FileNotFoundException)
            {
                LogAgain(part.Key, Pauses[attempt], e.Message);
            }

            await Task.Delay(Pauses[attempt], time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<FileStream> PullOnceAsync(FilePart part, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(files);
        Directory.CreateDirectory(temporary);
        Directory.CreateDirectory(locks);
        using var turn = await LockAsync(Path.Combine(locks, part.Sha256), cancellationToken).ConfigureAwait(false);
        if (TryHold(part) is { } there)
        {
            return there; // another was faster
        }

        MakeRoom(part.Bytes);
        var aside = Path.Combine(temporary, Guid.NewGuid().ToString("N"));
        try
        {
            await using (var file = new FileStream(aside, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous))
            {
                file.SetLength(part.Bytes); // counts for those that make room meanwhile
                await FetchAsync(part, file, cancellationToken).ConfigureAwait(false);
                file.Flush(flushToDisk: true);
                File.Move(aside, PathOf(part.Sha256), overwrite: true);
            }
        }
        finally
        {
            File.Delete(aside); // no error where it was moved
        }

        LogPulled(part.Key, part.Bytes, part.Sha256);
        return TryHold(part) ?? throw new FileNotFoundException($"{part.Key} was dropped from the cache as soon as it was there: Worker:CacheBytes is too small for what is used.");
    }

    private async Task FetchAsync(FilePart part, FileStream file, CancellationToken cancellationToken)
    {
        await using var stored = await objects.OpenReadAsync(part.Key, cancellationToken).ConfigureAwait(false)
            ?? throw new ObjectStoreException($"{part.Key} is no longer in the farm's store.", transient: true);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        for (var done = 0L; ;)
        {
            var read = await ReadAsync(part, stored.Content, buffer, cancellationToken).ConfigureAwait(false);
            done += read;
            if (read == 0 || done > part.Bytes)
            {
                var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
                if (done != part.Bytes || sha256 != part.Sha256)
                {
                    throw new ObjectStoreException($"{part.Key} came with {done} bytes and the SHA-256 {sha256}; the index says {part.Bytes} and {part.Sha256}.", transient: true);
                }

                return;
            }

            hash.AppendData(buffer, 0, read);
            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task<int> ReadAsync(FilePart part, Stream content, byte[] buffer, CancellationToken cancellationToken)
    {
        using var stalled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stalled.CancelAfter(LongestRead);
        try
        {
            return await content.ReadAsync(buffer, stalled.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new ObjectStoreException($"Could not read {part.Key}: {(e is IOException ? e.Message : $"nothing came for {LongestRead}")}", transient: true, e);
        }
    }

    /// <summary>The part's file, open with a shared lock, and used just now; null when it is not here.</summary>
    private FileStream? TryHold(FilePart part)
    {
        var path = PathOf(part.Sha256);
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (file.Length == part.Bytes && File.Exists(path)) // else it was dropped between opening and locking
            {
                File.SetLastAccessTimeUtc(path, time.GetUtcNow().UtcDateTime);
                return file;
            }

            file.Dispose();
        }
        catch (IOException)
        {
            // not here, or being dropped
        }

        return null;
    }

    private async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        for (var gone = 0; ;)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
            }
            // another fetches it, or is done just now; at worst, where two have each a lock's file of that name, both fetch it
            catch (IOException) when (File.Exists(path) || ++gone < 5)
            {
            }

            await Task.Delay(Turn, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Drops what is not in use, the longest unused first, until so many bytes more fit.</summary>
    private void MakeRoom(long bytes)
    {
        var (tooMany, onDisk) = (Used() + bytes - options.Value.CacheBytes, bytes - DiskSpace(files));
        var excess = Math.Max(tooMany, onDisk);
        foreach (var file in new DirectoryInfo(files).EnumerateFiles().OrderBy(file => file.LastAccessTimeUtc).TakeWhile(_ => excess > 0))
        {
            if (Drop(file.FullName))
            {
                excess -= file.Length;
                LogDropped(file.Name, file.Length);
            }
        }

        if (excess > 0)
        {
            throw onDisk > tooMany ? new IOException($"{bytes} bytes do not fit on the disk of {options.Value.Cache} beside what is there and in use: free some of it, or set Worker:Cache to another.")
                
                : new IOException($"{bytes} bytes do not fit into the cache {options.Value.Cache} of {options.Value.CacheBytes} bytes beside what is in use: raise Worker:CacheBytes.");
        }
    }

    private long Used() => new[] { files, temporary }.Where(Directory.Exists).SelectMany(folder => new DirectoryInfo(folder).EnumerateFiles()).Sum(Length);

    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0; // just dropped, or renamed
        }
    }

    /// <summary>Deletes a file that nobody has open; whether it is gone.</summary>
    private static bool Drop(string path)
    {
        try
        {
            using var all = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None, bufferSize: 0);
            File.Delete(path); // while it is locked
            return true;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false; // in use
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Pulled {Key}, {Bytes} bytes, hash {Sha256}")]
    private partial void LogPulled(string key, long bytes, string sha256);

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Sha256}, {Bytes} bytes, from the cache")]
    private partial void LogDropped(string sha256, long bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not pull {Key}, tried again in {Pause}: {Reason}")]
    private partial void LogAgain(string key, TimeSpan pause, string reason);
}
