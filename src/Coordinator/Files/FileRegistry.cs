using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Files.Checks;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Files;

/// <summary>
/// What becomes of a registered file: checking → ready or refused; ready → gone, checking (see <see cref="FileScan"/>) or removing. Whoever takes more than a
/// statement for it has the file's <see cref="FileLock"/>.
/// </summary>
public sealed class FileRegistry(FarmDb db, IObjectStore objects, FileCheck check, FileIndexWriter index, FileModels models, TimeProvider time)
{
    /// <summary>Registers what lies at a key, to be read through. Null where nothing lies there; the row as it is where the name is taken.</summary>
    public async Task<RegisteredFile?> RegisterAsync(FileKind kind, string name, string key, CancellationToken cancellationToken)
    {
        if (await FindAsync(kind, name, cancellationToken) is { State: not (FileState.Gone or FileState.Refused) } taken)
        {
            return taken;
        }

        if (FoundFile.At(kind, name, key, await FileScan.ListAsync(objects, cancellationToken)) is null)
        {
            return null;
        }

        await SaveAsync(kind, name, row =>
        {
            if (row.Key.Length == 0 || row.State is FileState.Gone or FileState.Refused) // still: the listing took its time
            {
                (row.Key, row.State, row.Reason, row.Stamp) = (key, FileState.Checking, null, "");
            }
        }, cancellationToken);
        return await FindAsync(kind, name, cancellationToken);
    }

    /// <summary>Looks at what lies beside a file that is to be stored.</summary>
    /// <exception cref="RefusedFileException">It is wrong.</exception>
    internal async Task CheckBesideAsync(FileKind kind, string name, FilePart part, CancellationToken cancellationToken)
    {
        var listing = (await FileScan.ListAsync(objects, cancellationToken)).Where(entry => entry.Key != part.Key).Append(new ObjectEntry(part.Key, part.Bytes, time.GetUtcNow()));
        await check.RunAsync(FoundFile.At(kind, name, part.Key, [.. listing])!, part, cancellationToken);
    }

    /// <summary>Takes in what was just stored and checked on its way. The caller has the file's lock.</summary>
    /// <exception cref="RefusedFileException">What lies beside it is wrong.</exception>
    internal async Task<RegisteredFile> UploadedAsync(FileKind kind, string name, FilePart part, CancellationToken cancellationToken)
    {
        var found = FoundFile.At(kind, name, part.Key, await FileScan.ListAsync(objects, cancellationToken))
            ?? throw new RefusedFileException("content", $"{part.Key} was deleted as soon as it was stored.");
        var parts = await check.RunAsync(found, part, cancellationToken);
        await SaveAsync(kind, name, row => SetReady(row, found, parts), cancellationToken);
        await index.WriteAsync(cancellationToken); // before the answer: what is asked for after it is drawn with this content
        var file = (await FindAsync(kind, name, cancellationToken))!;
        await models.ReadyAsync(file, cancellationToken);
        return file;
    }

    /// <summary>Reads files through that wait for it, and ends removals that were broken off.</summary>
    /// <exception cref="ObjectStoreException">The store is away, or refuses; what is left waits.</exception>
    public async Task WorkAsync(CancellationToken cancellationToken)
    {
        var left = await db.Files.AsNoTracking().Where(file => file.State == FileState.Checking || file.State == FileState.Removing)
            .OrderBy(file => file.CreatedAt).ToListAsync(cancellationToken);
        ObjectStoreException? fault = null;
        foreach (var file in left)
        {
            try
            {
                await using var turn = await FileLock.TryTakeAsync(db, file.Kind, file.Name, cancellationToken);
                if (turn is not null)
                {
                    await (file.State == FileState.Checking ? CheckAsync(file, cancellationToken) : EndRemovalAsync(file, cancellationToken));
                }
            }
            catch (ObjectStoreException e)
            {
                fault = e; // perhaps of this one's objects alone
                db.ChangeTracker.Clear();
            }
        }

        if (fault is not null)
        {
            throw fault;
        }
    }

    /// <summary>Takes the file from workers and deletes its objects. The caller has the file's lock.</summary>
    /// <exception cref="ObjectStoreException">The store is away, or refuses: the file is out of use, and the rest is done when it is back.</exception>
    public async Task RemoveAsync(RegisteredFile file, CancellationToken cancellationToken)
    {
        await db.Files.Where(row => row.Id == file.Id).ExecuteUpdateAsync(row => row.SetProperty(found => found.State, FileState.Removing), cancellationToken);
        await EndRemovalAsync(file, cancellationToken);
    }

    /// <summary>The row, untracked; null when there is none.</summary>
    public Task<RegisteredFile?> FindAsync(FileKind kind, string name, CancellationToken cancellationToken) =>
        db.Files.AsNoTracking().SingleOrDefaultAsync(file => file.Kind == kind && file.Name == name, cancellationToken);

    private async Task CheckAsync(RegisteredFile file, CancellationToken cancellationToken)
    {
        var found = FoundFile.At(file.Kind, file.Name, file.Key, await FileScan.ListAsync(objects, cancellationToken));
        var row = await db.Files.SingleOrDefaultAsync(row => row.Id == file.Id && row.State == FileState.Checking && row.Key == file.Key, cancellationToken);
        if (row is null)
        {
            return; // another was faster
        }

        try
        {
            if (found is null)
            {
                row.State = FileState.Gone;
            }
            else
            {
                var before = row.Parts;
                SetReady(row, found, await check.RunAsync(found, known: null, cancellationToken));
                if (!before.SequenceEqual(row.Parts)) // else a worker knows more of it
                {
                    await models.ReadyAsync(row, cancellationToken);
                }
            }
        }
        catch (RefusedFileException refused)
        {
            (row.State, row.Reason, row.Stamp) = (FileState.Refused, $"{refused.Field}: {refused.Message}".Storable(), found!.Stamp);
        }

        await db.SaveChangesAsync(cancellationToken);
        if (row.State == FileState.Ready)
        {
            await index.WriteAsync(cancellationToken); // now: other files may take long to read through
        }

        db.ChangeTracker.Clear();
    }

    private async Task EndRemovalAsync(RegisteredFile file, CancellationToken cancellationToken)
    {
        await index.WriteAsync(cancellationToken); // first of all: no worker begins to pull what is being deleted
        var others = (await db.Files.AsNoTracking().Where(row => row.Id != file.Id).Select(row => row.Parts).ToListAsync(cancellationToken)).SelectMany(parts => parts.Select(part => part.Key)).ToHashSet();
        var own = file.Key.EndsWith('/')
            ? (await FileScan.ListAsync(objects, cancellationToken)).Select(entry => entry.Key).Where(key => key.StartsWith(file.Key, StringComparison.Ordinal)) // with its READMEs
            : file.Parts.Select(part => part.Key).Where(key => !key.Contains("/tokenizer/", StringComparison.Ordinal)).Append(file.Key).Distinct();
        foreach (var key in own.Where(key => !others.Contains(key)))
        {
            await objects.DeleteAsync(key, cancellationToken);
        }

        await models.RemovedAsync(file, cancellationToken);
        await db.Files.Where(row => row.Id == file.Id && row.State == FileState.Removing).ExecuteDeleteAsync(cancellationToken);
    }

    private static void SetReady(RegisteredFile row, FoundFile found, IReadOnlyList<FilePart> parts)
    {
        (row.Key, row.State, row.Reason, row.Stamp) = (found.Key, FileState.Ready, null, found.Stamp);
        (row.Parts, row.Bytes, row.Sha256) = (parts, parts.Sum(part => part.Bytes), FileHash.Of(found.Name, parts));
    }

    private async Task SaveAsync(FileKind kind, string name, Action<RegisteredFile> change, CancellationToken cancellationToken)
    {
        var row = await db.Files.SingleOrDefaultAsync(file => file.Kind == kind && file.Name == name, cancellationToken);
        if (row is null)
        {
            var now = time.GetUtcNow();
            row = new RegisteredFile { Id = Guid.CreateVersion7(now), Kind = kind, Name = name, Key = "", Parts = [], Stamp = "", CreatedAt = now };
            db.Files.Add(row);
        }

        change(row);
        await db.SaveChangesAsync(cancellationToken);
        db.ChangeTracker.Clear();
    }
}
