using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Verification;
using StableDiffusion.Coordinator.Inputs;
using StableDiffusion.Storage;

namespace StableDiffusion.Coordinator.Batches.Verification;

/// <summary>Compares a rerun's pictures with those that they draw again: by their hashes first, and pixel by pixel, two at a time, where these differ.</summary>
internal sealed class RerunVerification(FarmDb db, IObjectStore objects)
{
    /// <summary>Images of the rerun: all, those that are the same, and those that differ.</summary>
    public async Task<(int Total, int Same, int Different)> CountAsync(Guid batch, CancellationToken cancellationToken)
    {
        var pairs = Pairs(batch);
        var total = await db.Images.CountAsync(image => image.BatchId == batch, cancellationToken);
        var same = await pairs.CountAsync(pair => pair.Rerun.Sha256 == pair.Origin.Sha256, cancellationToken);
        return (total, same, await pairs.CountAsync(cancellationToken) - same);
    }

    /// <summary>The next images, compared.</summary>
    /// <param name="batch">The rerun.</param>
    /// <param name="after">Index of the last of the page before.</param>
    /// <param name="limit">How many.</param>
    /// <param name="cancellationToken">Ends the comparing.</param>
    /// <exception cref="ObjectStoreException">The store is away or refuses.</exception>
    public async Task<IReadOnlyList<ImageVerification>> CompareAsync(Guid batch, int after, int limit, CancellationToken cancellationToken)
    {
        var images = await db.Images.AsNoTracking().Where(image => image.BatchId == batch && image.Index > after).OrderBy(image => image.Index).Take(limit)
            .Select(image => new { image.Id, image.Index, image.OriginId, image.State, image.Sha256, image.ObjectKey }).ToListAsync(cancellationToken);
        var originIds = images.Select(image => image.OriginId).ToList();
        var origins = await db.Images.AsNoTracking().Where(image => originIds.Contains(image.Id) && image.State == ImageState.Succeeded)
            .Select(image => new { image.Id, image.Sha256, image.ObjectKey }).ToDictionaryAsync(image => image.Id, cancellationToken);
        var compared = new List<ImageVerification>(images.Count);
        foreach (var image in images)
        {
            var verification = new ImageVerification { Index = image.Index, Id = image.Id, OriginId = image.OriginId, Same = false };
            var origin = image.OriginId is { } id ? origins.GetValueOrDefault(id) : null;
            compared.Add(
                image.State != ImageState.Succeeded ? verification with { Reason = "The rerun has no picture of it." }
                : origin is null ? verification with { Reason = "The origin has no picture of it, or was deleted." }
                : image.Sha256 == origin.Sha256 ? verification with { Same = true }
                : await CompareAsync(verification, origin.ObjectKey!, image.ObjectKey!, cancellationToken));
        }

        return compared;
    }

    private async Task<ImageVerification> CompareAsync(ImageVerification image, string originKey, string rerunKey, CancellationToken cancellationToken)
    {
        if (await ReadAsync(originKey, cancellationToken) is not { } originFile || await ReadAsync(rerunKey, cancellationToken) is not { } rerunFile)
        {
            return image with { Reason = "The object store no longer holds one of the pictures." };
        }

        try
        {
            using PngReader origin = new(originFile), rerun = new(rerunFile);
            var pixels = PictureComparison.Compare(origin, rerun);
            return image with
            {
                Pixels = pixels,
                Reason = pixels is null ? $"The pictures' sizes differ: {origin.Width}×{origin.Height} and {rerun.Width}×{rerun.Height}." : null,
                Differed = ManifestComparison.Compare(origin.Texts.GetValueOrDefault(ManifestComparison.Keyword), rerun.Texts.GetValueOrDefault(ManifestComparison.Keyword)),
            };
        }
        catch (InvalidDataException e)
        {
            return image with { Reason = e.Message };
        }
    }

    private async Task<byte[]?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        if (await objects.OpenReadAsync(key, cancellationToken) is not { } stored)
        {
            return null;
        }

        await using (stored)
        {
            using var file = new MemoryStream();
            await stored.Content.CopyToAsync(file, cancellationToken);
            return file.ToArray();
        }
    }

    private IQueryable<Pair> Pairs(Guid batch) =>
        from rerun in db.Images
        join origin in db.Images on rerun.OriginId equals (Guid?)origin.Id
        where rerun.BatchId == batch && rerun.State == ImageState.Succeeded && origin.State == ImageState.Succeeded
        select new Pair { Rerun = rerun, Origin = origin };

    private sealed class Pair
    {
        public required Images.Image Rerun { get; init; }

        public required Images.Image Origin { get; init; }
    }
}
