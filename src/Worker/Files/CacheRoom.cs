using System.Globalization;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts.Files;

namespace StableDiffusion.Worker.Files;

/// <summary>What the cache's files take, and which of them go when there is no room: <c>files/SHA256</c> are whole, <c>temporary/SHA256.BYTES</c> have begun to
/// come and count as what they will be.</summary>
internal sealed partial class CacheRoom(string files, string temporary, PullOptions options, ILogger logger)
{
    /// <summary>Bytes that are left on a folder's disk.</summary>
    public required Func<string, long> DiskSpace { get; init; }

    /// <summary>Where a content is written while it comes.</summary>
    public string PathOfBegun(FilePart part) => Path.Combine(temporary, string.Create(CultureInfo.InvariantCulture, $"{part.Sha256}.{part.Bytes}"));

    /// <summary>Whether so many bytes more fit without dropping anything.</summary>
    public bool Has(long bytes) => Files().Sum(Takes) + bytes <= options.CacheBytes;

    /// <summary>Drops what is not in use until all fits, and so many bytes more on the disk: what broke off, then what was unused for longest.</summary>
    /// <param name="wanted">What is coming, for which a file has been begun.</param>
    /// <param name="bytes">How many of its bytes are yet to come.</param>
    /// <exception cref="IOException">They do not fit.</exception>
    public void Make(FilePart wanted, long bytes)
    {
        var (tooMany, onDisk) = (Files().Sum(Takes) - options.CacheBytes, bytes - DiskSpace(files));
        foreach (var file in Files().OrderBy(file => file.DirectoryName == files).ThenBy(file => file.LastAccessTimeUtc).TakeWhile(_ => tooMany > 0 || onDisk > 0))
        {
            var (takes, length) = (Takes(file), Length(file));
            if (Drop(file.FullName))
            {
                (tooMany, onDisk) = (tooMany - takes, onDisk - length);
                LogDropped(file.Name, length);
            }
        }

        if (tooMany > 0)
        {
            throw new IOException($"{wanted.Bytes} bytes do not fit into the cache {options.Cache} of {options.CacheBytes} bytes beside what is in use: raise Worker:CacheBytes.");
        }

        if (onDisk > 0)
        {
            throw new IOException($"{wanted.Bytes} bytes do not fit on the disk of {options.Cache} beside what is there and in use: free some of it, or set Worker:Cache to another.");
        }
    }

    /// <summary>Deletes a file that nobody has open; whether it is gone.</summary>
    public static bool Drop(string path)
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

    private IEnumerable<FileInfo> Files() => new[] { temporary, files }.Where(Directory.Exists).SelectMany(folder => new DirectoryInfo(folder).EnumerateFiles());

    private static long Takes(FileInfo file) => long.TryParse(file.Extension.TrimStart('.'), CultureInfo.InvariantCulture, out var bytes) ? bytes : Length(file);

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

    [LoggerMessage(Level = LogLevel.Information, Message = "Dropped {Sha256}, {Bytes} bytes, from the cache")]
    private partial void LogDropped(string sha256, long bytes);
}
