using System.IO.Compression;
using System.Text;
using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Downloads;

/// <summary>Writes a batch's pictures as a ZIP while it reads them, one at a time: memory does not grow with the batch.</summary>
public sealed class BatchArchive(FarmDb db, IObjectStore objects)
{
    private const int Page = 500;

    /// <summary>Writes all that are stored. PNGs are compressed already, so they are only put together. What the store has lost is named in
    /// a text file at the end.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="output">Takes the archive; need not be able to seek.</param>
    /// <param name="cancellationToken">Leaves an archive without its end, which readers refuse, as whatever else breaks it off does.</param>
    public async Task WriteAsync(Guid batch, Stream output, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        var zip = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken);
        for (var after = -1; ;)
        {
            var images = await db.Images
                .Where(image => image.BatchId == batch && image.Index > after && image.State == ImageState.Succeeded && image.DeletedAt == null)
                .OrderBy(image => image.Index).Take(Page).Select(image => new { image.Index, Key = image.ObjectKey! }).ToListAsync(cancellationToken);
            foreach (var image in images)
            {
                if (await objects.OpenReadAsync(image.Key, cancellationToken) is not { } stored)
                {
                    missing.Add(image.Key);
                    continue;
                }

                await using (stored)
                {
                    await AddAsync(zip, image.Key[(image.Key.LastIndexOf('/') + 1)..], stored.Content, cancellationToken);
                }
            }

            if (images.Count < Page)
            {
                break;
            }

            after = images[^1].Index;
        }

        if (missing.Count > 0)
        {
            using var text = new MemoryStream(Encoding.UTF8.GetBytes($"The object store no longer holds:\n{string.Join('\n', missing)}\n"));
            await AddAsync(zip, "MISSING.txt", text, cancellationToken);
        }

        await zip.DisposeAsync(); // writes the end, so not where something is lacking
    }

    private static async Task AddAsync(ZipArchive zip, string name, Stream content, CancellationToken cancellationToken)
    {
        await using var entry = await zip.CreateEntry(name, CompressionLevel.NoCompression).OpenAsync(cancellationToken);
        await content.CopyToAsync(entry, cancellationToken);
    }
}
