namespace StableDiffusion.Coordinator.Events;

/// <summary>Types of <see cref="FarmEvent"/>s, as streams and webhooks name them.</summary>
public static class EventTypes
{
    /// <summary>Accepted; data: <c>{"image_count": number}</c>.</summary>
    public const string BatchCreated = "batch.created";

    /// <summary>Its last image reached its end.</summary>
    public const string BatchFinished = "batch.finished";

    /// <summary>Withdrawn by its owner.</summary>
    public const string BatchCancelled = "batch.cancelled";

    /// <summary>Deleted by its owner or a rule; data: <c>{"tags": [text]}</c>. The last of its events, and then the only one that is kept.</summary>
    public const string BatchDeleted = "batch.deleted";

    /// <summary>A worker claimed images; data names it.</summary>
    public const string ImagesStarted = "images.started";

    /// <summary>Pictures are stored.</summary>
    public const string ImagesSucceeded = "images.succeeded";

    /// <summary>Images were given up; each with its error.</summary>
    public const string ImagesFailed = "images.failed";

    /// <summary>Images wait again, each with its error where one is why.</summary>
    public const string ImagesQueued = "images.queued";

    /// <summary>Images were withdrawn.</summary>
    public const string ImagesCancelled = "images.cancelled";

    /// <summary>Images got further. Told to who listens and never stored.</summary>
    public const string ImagesProgressed = "images.progressed";

    /// <summary>A stream begins anew, see <see cref="Contracts.Events.StreamRestarted"/>. Told to one listener and never stored.</summary>
    public const string StreamRestarted = "stream.restarted";

    /// <summary>All that are stored.</summary>
    public static IReadOnlyList<string> All { get; } =
        [BatchCreated, BatchFinished, BatchCancelled, BatchDeleted, ImagesStarted, ImagesSucceeded, ImagesFailed, ImagesQueued, ImagesCancelled];
}
