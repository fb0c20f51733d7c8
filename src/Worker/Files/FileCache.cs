using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;

namespace StableDiffusion.Worker.Files;

/// <summary>
/// Objects of the farm's store on this machine's disk, by what is in them: <c>files/SHA256</c>. Each is written aside, hashed, and renamed into place when it is
/// what it should be; what broke off is gone on with, after a restart, too. What a process finds there it hashes once before it is used: disks forget. Workers
/// may share the folder: a file in use is open with a shared lock, one that is being fetched has a lock's file in <c>locks/</c>, and locks go with the process that
/// has them.
/// </summary>
public sealed partial class FileCache(IObjectStore objects, TimeProvider time, IOptions<PullOptions> options, ILogger<FileCache> logger)
{
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(200); // between looks at a lock that another has
    private static readonly TimeSpan LongestBreak = TimeSpan.FromDays(1); // of what broke off and is still wanted
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(20)];
    private readonly string files = Path.Combine(Path.GetFullPath(options.Value.Cache), "files");
    private readonly string temporary = Path.Combine(Path.GetFullPath(options.Value.Cache), "temporary");
    private readonly string locks = Path.Combine(Path.GetFullPath(options.Value.Cache), "locks");
    private readonly ConcurrentDictionary<string, bool> sound = new(); // hashed by this process

    /// <summary>Bytes that are left on a folder's disk.</summary>
    public Func<string, long> DiskSpace { get; init; } = folder => new DriveInfo(folder).AvailableFreeSpace;

    private CacheRoom Room => new(files, temporary, options.Value, logger) { DiskSpace = DiskSpace };

    /// <summary>Where a content lies when it is here.</summary>
    public string PathOf(string sha256) => Path.Combine(files, sha256);

    /// <summary>Whether a part is here.</summary>
    public bool Has(FilePart part) => new FileInfo(PathOf(part.Sha256)) is { Exists: true } file && file.Length == part.Bytes;

    /// <summary>Whether those of the parts that are not here fit without dropping anything.</summary>
    public bool HasRoom(IEnumerable<FilePart> parts) => Room.Has(parts.Where(part => !Has(part) && !File.Exists(Room.PathOfBegun(part))).Sum(part => part.Bytes));

    /// <summary>Removes what workers that died left behind, but for what broke off lately.</summary>
    public void Clean()
    {
        var left = new[] { temporary, locks }.Where(Directory.Exists).SelectMany(folder => new DirectoryInfo(folder).EnumerateFiles());
        foreach (var file in left.Where(file => file.DirectoryName == locks || time.GetUtcNow() - file.LastWriteTimeUtc > LongestBreak))
        {
            CacheRoom.Drop(file.FullName); // fails for what a living worker has open
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
                held.Add(await TryHoldAsync(part, cancellationToken).ConfigureAwait(false) ?? await PullAsync(part, cancellationToken).ConfigureAwait(false));
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
        foreach (var folder in new[] { files, temporary, locks })
        {
            Directory.CreateDirectory(folder);
        }

        await using var turn = await LockAsync(Path.Combine(locks, part.Sha256), FileOptions.DeleteOnClose, cancellationToken).ConfigureAwait(false);
        if (await TryHoldAsync(part, cancellationToken).ConfigureAwait(false) is { } there)
        {
            return there; // another was faster
        }

        await using (var file = await LockAsync(Room.PathOfBegun(part), FileOptions.Asynchronous, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                Room.Make(part, part.Bytes - file.Length);
                await Download.CompleteAsync(objects, part, file, cancellationToken).ConfigureAwait(false);
            }
            // but for what may be gone on with
            catch (Exception e) when (file.Length == 0 || e is not (ObjectStoreException { IsTransient: true } or OperationCanceledException))
            {
                File.Delete(file.Name);
                throw;
            }

            file.Flush(flushToDisk: true);
            File.Move(file.Name, PathOf(part.Sha256), overwrite: true);
        }

        sound[part.Sha256] = true;
        LogPulled(part.Key, part.Bytes, part.Sha256);
        return await TryHoldAsync(part, cancellationToken).ConfigureAwait(false)
            ?? throw new FileNotFoundException($"{part.Key} was dropped from the cache as soon as it was there: Worker:CacheBytes is too small for what is used.");
    }

    /// <summary>The part's file, open with a shared lock, and used just now; null when it is not here, or is no longer what it was.</summary>
    private async Task<FileStream?> TryHoldAsync(FilePart part, CancellationToken cancellationToken)
    {
        var path = PathOf(part.Sha256);
        FileStream? file = null;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            if (file.Length == part.Bytes && File.Exists(path)) // else it was dropped between opening and locking
            {
                if (sound.ContainsKey(part.Sha256) || Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken).ConfigureAwait(false)) == part.Sha256)
                {
                    sound[part.Sha256] = true;
                    File.SetLastAccessTimeUtc(path, time.GetUtcNow().UtcDateTime);
                    var held = file;
                    file = null;
                    return held;
                }

                LogRotten(part.Key, path);
            }
        }
        catch (IOException)
        {
            // not here, or being dropped, or not to be read
        }
        finally
        {
            file?.Dispose();
        }

        return null;
    }

    private async Task<FileStream> LockAsync(string path, FileOptions options, CancellationToken cancellationToken)
    {
        for (var gone = 0; ;)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, options);
            }
            // another fetches it, or is done just now; at worst, where two have each a lock's file of that name, both fetch it
            catch (IOException) when (File.Exists(path) || ++gone < 5)
            {
            }

            await Task.Delay(Turn, time, cancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Pulled {Key}, {Bytes} bytes, hash {Sha256}")]
    private partial void LogPulled(string key, long bytes, string sha256);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not pull {Key}, tried again in {Pause}: {Reason}")]
    private partial void LogAgain(string key, TimeSpan pause, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} is no longer what was pulled as {Key}; it is pulled again")]
    private partial void LogRotten(string key, string path);
}
