namespace StableDiffusion.Contracts.Images;

/// <summary>What an image waits for. In this order: the first that is so is told.</summary>
public enum WaitingReason
{
    /// <summary>Its batch is paused.</summary>
    Paused,

    /// <summary>An attempt failed; it is tried again later.</summary>
    Retry,

    /// <summary>No worker holds its model, and none that is up could.</summary>
    NoWorker,

    /// <summary>No worker holds its model, but one can and is told to load it.</summary>
    Loading,

    /// <summary>Workers hold its model and take no work: they are draining, paused or set aside.</summary>
    WorkersPaused,

    /// <summary>No worker that holds its model has the LoRA, embedding, VAE or ControlNet that it needs.</summary>
    Adapters,

    /// <summary>Workers are at work on what comes before it.</summary>
    Busy,
}
