using System.Globalization;

namespace StableDiffusion.Coordinator.Keeping;

/// <summary>What a picture's key tells: "batches/BATCH/INDEX-SEED-ATTEMPT.png".</summary>
public sealed record PictureKey(Guid BatchId, int Index)
{
    /// <summary>Reads a key; null when it is none of a picture.</summary>
    public static PictureKey? Parse(string key) =>
        key.Split('/') is ["batches", var batch, var file]
        && Guid.TryParse(batch, out var id)
        && int.TryParse(file.Split('-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? new PictureKey(id, index)
            : null;
}
