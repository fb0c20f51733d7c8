using System.Security.Cryptography;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;

namespace StableDiffusion.Worker.Files;

/// <summary>Brings an object of the farm's store into a file, from where an earlier try broke off. Nothing is believed of what is there already: the whole is
/// hashed, so an object that was replaced between two tries is found out.</summary>
internal static class Download
{
    private const int BufferBytes = 1 << 20;
    private static readonly TimeSpan LongestRead = TimeSpan.FromMinutes(1); // of a store that stops in the middle

    /// <summary>Completes the file, and deletes it where it is not what it should be.</summary>
    /// <param name="objects">The store.</param>
    /// <param name="part">What the file becomes.</param>
    /// <param name="file">Open for both, with the first bytes of it or none.</param>
    /// <param name="cancellationToken">Ends it; what has come stays.</param>
    /// <exception cref="ObjectStoreException">The store is away and what has come stays, or it has not what the index says.</exception>
    public static async Task CompleteAsync(IObjectStore objects, FilePart part, FileStream file, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        var done = 0L;
        for (int read; (read = await file.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; done += read)
        {
            hash.AppendData(buffer, 0, read);
        }

        if (done < part.Bytes)
        {
            await using var stored = await objects.OpenReadAsync(part.Key, done, cancellationToken).ConfigureAwait(false)
                ?? throw new ObjectStoreException($"{part.Key} is no longer in the farm's store.", transient: true);
            if (stored.Info.Length != part.Bytes)
            {
                File.Delete(file.Name);
                throw new ObjectStoreException($"{part.Key} has {stored.Info.Length} bytes; the index says {part.Bytes}.", transient: true);
            }

            for (int read; done <= part.Bytes && (read = await ReadAsync(part, stored.Content, buffer, cancellationToken).ConfigureAwait(false)) > 0; done += read)
            {
                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }

            if (done < part.Bytes)
            {
                throw new ObjectStoreException($"Could not read {part.Key}: it broke off after {done} of {part.Bytes} bytes.", transient: true);
            }
        }

        var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (done != part.Bytes || sha256 != part.Sha256)
        {
            File.Delete(file.Name);
            throw new ObjectStoreException($"{part.Key} came with {done} bytes and the SHA-256 {sha256}; the index says {part.Bytes} and {part.Sha256}.", transient: true);
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
}
