namespace StableDiffusion.Farm.Soak.Faults;

/// <summary>How long things take where faults happen.</summary>
/// <param name="Image">Rendering of an image.</param>
/// <param name="Frozen">How long a worker is frozen: past its lease.</param>
/// <param name="StoreAway">How long the object store is away.</param>
internal sealed record FaultTimes(TimeSpan Image, TimeSpan Frozen, TimeSpan StoreAway);
