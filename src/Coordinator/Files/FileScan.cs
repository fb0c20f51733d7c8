using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Images;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Files;

/// <summary>Brings the table in line with what lies in the store: what is new is registered, what changed is to be read through again, what vanished is gone.</summary>
public sealed class FileScan(FarmDb db, IObjectStore objects, TimeProvider time)
{
    /// <summary>Looks once.</summary>
    /// <exception cref="ObjectStoreException">The store is away, or refuses.</exception>
    public async Task<ScanResponse> RunAsync(CancellationToken cancellationToken)
    {
        var known = await db.Files.AsNoTracking().ToListAsync(cancellationToken); // before the listing: what is registered meanwhile is none of this look's
        var listing = await ListAsync(objects, cancellationToken);
        int changed = 0, gone = 0, added = 0;
        foreach (var file in known.Where(file => file.State is not (FileState.Removing or FileState.Checking)))
        {
            var there = FoundFile.At(file.Kind, file.Name, file.Key, listing);
            if (there is null)
            {
                gone += file.State == FileState.Gone ? 0 : await MoveAsync(file, FileState.Gone, cancellationToken);
            }
            else if (file.State == FileState.Gone || there.Stamp != file.Stamp)
            {
                changed += await MoveAsync(file, FileState.Checking, cancellationToken);
            }
        }

        var inPlace = FoundFile.InPlace(listing);
        foreach (var found in inPlace.Where(found => !known.Exists(file => file.Kind == found.Kind && (file.Name == found.Name || file.Key == found.Key))))
        {
            added += await db.Database.ExecuteSqlAsync($"""
                INSERT INTO files (id, kind, name, key, state, parts, stamp, created_at)
                VALUES ({Guid.CreateVersion7(time.GetUtcNow())}, {StateNames<FileKind>.Name(found.Kind)}, {found.Name}, {found.Key}, {StateNames<FileState>.Name(FileState.Checking)}, '[]', '', {time.GetUtcNow()})
                ON CONFLICT (kind, name) DO NOTHING
                """, cancellationToken);
        }

        return new ScanResponse { Found = inPlace.Count, Added = added, Changed = changed, Gone = gone };
    }

    /// <summary>All objects of registered and unregistered files.</summary>
    internal static async Task<IReadOnlyList<ObjectEntry>> ListAsync(IObjectStore objects, CancellationToken cancellationToken)
    {
        List<ObjectEntry> listing = [];
        await foreach (var entry in objects.ListAsync(FileKinds.Prefix, cancellationToken))
        {
            listing.Add(entry);
        }

        return listing;
    }

    private Task<int> MoveAsync(RegisteredFile file, FileState state, CancellationToken cancellationToken) => db.Files
        .Where(row => row.Id == file.Id && row.State == file.State && row.Stamp == file.Stamp)
        .ExecuteUpdateAsync(row => row.SetProperty(found => found.State, state).SetProperty(found => found.Reason, (string?)null), cancellationToken);
}
