using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Keeping;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>Compares the object store with the rows: removes what no row names (left by attempts that came too late, or by a crash between two
/// writes) and finds out what rows name and the store has lost.</summary>
public sealed partial class Sweep(FarmDb db, IObjectStore objects, InputSweep inputs, TimeProvider time, IOptions<KeepingOptions> options, ILogger<Sweep> logger)
{
    private const string Pictures = "batches/";
    private const int Chunk = 1000, MostNamed = 100;

    /// <summary>Sweeps everything once. Images may be drawn and batches deleted meanwhile.</summary>
    /// <exception cref="ObjectStoreException">The store is away or refuses.</exception>
    public async Task<SweepReport> RunAsync(CancellationToken cancellationToken)
    {
        var started = time.GetUtcNow();
        var counts = new SweepCounts(await db.Owners.MinAsync(owner => owner.CreatedAt, cancellationToken), started - options.Value.SweepGrace);
        var ofBatch = new Dictionary<Guid, int>(); // pictures found of those that rows name
        await foreach (var chunk in objects.ListAsync(Pictures, cancellationToken).Chunk(Chunk).WithCancellation(cancellationToken))
        {
            var named = await NamedAsync(chunk, cancellationToken);
            foreach (var entry in chunk)
            {
                counts.Objects++;
                if (named.TryGetValue(entry.Key, out var image))
                {
                    ofBatch[image.BatchId] = ofBatch.GetValueOrDefault(image.BatchId) + (image.Stored ? 1 : 0);
                }
                else if (counts.MayGo(entry))
                {
                    await objects.DeleteAsync(entry.Key, cancellationToken);
                    LogRemoved(entry.Key);
                    counts.Removed++;
                }
            }
        }

        await inputs.RunAsync(counts, cancellationToken);
        if (counts.Earlier > 0)
        {
            LogEarlier(counts.Earlier);
        }

        var missing = await MissingAsync(ofBatch, started, cancellationToken);
        return new SweepReport
        {
            StartedAt = started,
            FinishedAt = time.GetUtcNow(),
            Objects = counts.Objects,
            Removed = counts.Removed,
            Young = counts.Young,
            Earlier = counts.Earlier,
            Missing = missing.Count,
            MissingImages = [.. missing.Take(MostNamed)],
        };
    }

    // keys that a row's current attempt writes or has written; found by batch and index, which a key tells
    private async Task<Dictionary<string, NamedObject>> NamedAsync(ObjectEntry[] entries, CancellationToken cancellationToken)
    {
        var places = entries.Select(entry => PictureKey.Parse(entry.Key)).OfType<PictureKey>().ToList();
        return (await db.Database.SqlQuery<NamedObject>($"""
            SELECT i.object_key AS "Key", i.batch_id AS "BatchId", i.state = 'succeeded' AS "Stored" FROM unnest({places.ConvertAll(place => place.BatchId)}, {places.ConvertAll(place => place.Index)}) AS p(batch_id, index)
            JOIN images i ON i.batch_id = p.batch_id AND i.index = p.index
            WHERE i.object_key IS NOT NULL AND i.deleted_at IS NULL AND i.state IN ('dispatched', 'rendering', 'succeeded')
            """).ToListAsync(cancellationToken)).DistinctBy(named => named.Key).ToDictionary(named => named.Key);
    }

    // of batches that have fewer pictures than rows say; what was stored after the sweep began may not have been listed
    private async Task<List<Guid>> MissingAsync(Dictionary<Guid, int> found, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var missing = new List<Guid>();
        var rows = db.Images.Where(image => image.State == ImageState.Succeeded && image.DeletedAt == null && image.FinishedAt < before);
        foreach (var batch in await rows.GroupBy(image => image.BatchId).Select(group => new { Id = group.Key, Count = group.Count() }).ToListAsync(cancellationToken))
        {
            if (found.GetValueOrDefault(batch.Id) >= batch.Count)
            {
                continue;
            }

            foreach (var image in await rows.Where(image => image.BatchId == batch.Id).Select(image => new { image.Id, Key = image.ObjectKey! }).ToListAsync(cancellationToken))
            {
                if (await objects.HeadAsync(image.Key, cancellationToken) is null
                    && await rows.AnyAsync(row => row.Id == image.Id && row.ObjectKey == image.Key, cancellationToken)) // not deleted meanwhile
                {
                    missing.Add(image.Id);
                    LogMissing(image.Id, image.Key);
                }
            }
        }

        return missing;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Key}, which no image names")]
    private partial void LogRemoved(string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} objects that no image names are older than the farm's database and are let be: restore the backup that names them, or remove them by hand")]
    private partial void LogEarlier(long count);

    [LoggerMessage(Level = LogLevel.Error, Message = "The object store has lost {Key} of image {ImageId}")]
    private partial void LogMissing(Guid imageId, string key);

    private sealed record NamedObject(string Key, Guid BatchId, bool Stored);
}
