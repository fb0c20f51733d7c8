namespace StableDiffusion.Contracts.Images;

/// <summary>Where an image is on its way. The last three are ends.</summary>
public enum ImageState
{
    /// <summary>Accepted and waiting for a worker, perhaps after a failed attempt.</summary>
    Queued,

    /// <summary>Handed to the broker under an attempt of its own.</summary>
    Dispatched,

    /// <summary>A worker is drawing it.</summary>
    Rendering,

    /// <summary>The PNG is in the object store.</summary>
    Succeeded,

    /// <summary>Given up: it can never be drawn, or every attempt failed.</summary>
    Failed,

    /// <summary>Withdrawn by its owner.</summary>
    Cancelled,
}
