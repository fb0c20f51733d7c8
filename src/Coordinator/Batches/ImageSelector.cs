using Microsoft.EntityFrameworkCore;
using StableDiffusion.Contracts.Batches;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>Finds the images of a batch that a request names.</summary>
internal sealed class ImageSelector(FarmDb db)
{
    /// <summary>Their ids; null for all, when none is named. Those that the batch has not are errors.</summary>
    public async Task<Guid[]?> FindAsync(Guid batch, IReadOnlyList<ImageReference>? images, RequestErrors errors, CancellationToken cancellationToken)
    {
        if (images is null)
        {
            return null;
        }

        if (images.Count == 0)
        {
            errors.Add("images", "The list is empty: name at least one image, or leave it out for all.");
        }

        List<int> indexes = [.. images.Select(image => image.Index).OfType<int>()];
        List<Guid> ids = [.. images.Select(image => image.Id).OfType<Guid>()];
        var found = await db.Images.Where(image => image.BatchId == batch && (indexes.Contains(image.Index) || ids.Contains(image.Id)))
            .Select(image => new { image.Id, image.Index }).ToListAsync(cancellationToken);
        HashSet<int> knownIndexes = [.. found.Select(image => image.Index)];
        HashSet<Guid> knownIds = [.. found.Select(image => image.Id)];
        foreach (var (place, unknown) in images.Index().Where(image => !(image.Item.Id is { } id ? knownIds.Contains(id) : knownIndexes.Contains(image.Item.Index ?? -1))).Take(RequestErrors.MaxNamed))
        {
            errors.Add($"images[{place}]", $"The batch has no image {unknown}.");
        }

        return [.. knownIds];
    }
}
