using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Files;

/// <summary>Keeps <see cref="FileIndex"/> in the store as the table is.</summary>
public sealed class FileIndexWriter(FarmDb db, IObjectStore objects)
{
    /// <summary>Writes the index where it is not what it should be. Coordinators take turns, so that an older state never replaces a newer one.</summary>
    /// <exception cref="ObjectStoreException">The store is away, or refuses.</exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        await using var turn = await FileLock.TakeIndexAsync(db, cancellationToken);
        // what was ready and is read through again stays: workers shall not drop what was only touched, and compare hashes themselves
        var ready = await db.Files.AsNoTracking()
            .Where(file => file.State == FileState.Ready || (file.State == FileState.Checking && file.Sha256 != null && file.Stamp != "")).ToListAsync(cancellationToken);
        var bytes = new FileIndex
        {
            Files =
            [
                .. ready.OrderBy(file => file.Kind).ThenBy(file => file.Name, StringComparer.Ordinal)
                    .Select(file => new IndexedFile { Kind = file.Kind, Name = file.Name, Sha256 = file.Sha256!, Parts = file.Parts }),
            ],
        }.ToJson();
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var there = await objects.HeadAsync(FileIndex.Key, cancellationToken);
        // an empty one is written, too: who may not list the bucket is refused what is missing, and takes it for a fault
        if (there?.Metadata.GetValueOrDefault(FileIndex.HashMetadata) != hash)
        {
            await objects.PutAsync(FileIndex.Key, bytes, "application/json", new Dictionary<string, string> { [FileIndex.HashMetadata] = hash }, cancellationToken);
        }
    }
}
