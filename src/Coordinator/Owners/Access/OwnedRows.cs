using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Images;

namespace StableDiffusion.Coordinator.Owners.Access;

/// <summary>What a request may see: for all others it is as if the rest were not there.</summary>
public static class OwnedRows
{
    /// <summary>The owner's own batches; an administrator's are all.</summary>
    public static IQueryable<Batch> Of(this IQueryable<Batch> batches, CurrentOwner owner)
    {
        var id = owner.Id;
        return owner.IsAdmin ? batches : batches.Where(batch => batch.OwnerId == id);
    }

    /// <summary>Images of the owner's own batches; an administrator's are all.</summary>
    public static IQueryable<Image> Of(this IQueryable<Image> images, CurrentOwner owner, FarmDb db)
    {
        var id = owner.Id;
        return owner.IsAdmin ? images : images.Where(image => db.Batches.Any(batch => batch.Id == image.BatchId && batch.OwnerId == id));
    }
}
