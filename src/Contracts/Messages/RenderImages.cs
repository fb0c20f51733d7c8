namespace StableDiffusion.Contracts.Messages;

/// <summary>Command to a worker that holds <see cref="Model"/>: render these images, which may share a network call.
/// One attempt is rendered by one worker only: a command that the broker delivers a second time (marked redelivered), or
/// that is read after <see cref="ExpiresAt"/>, is not rendered but answered with <see cref="ImageReturned"/> for each
/// image; the coordinator then opens new attempts.</summary>
public sealed record RenderImages
{
    /// <summary>The model's name; also names the queue, <see cref="Queues.Render"/>.</summary>
    public required string Model { get; init; }

    /// <summary>When the coordinator published the group (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Until when the attempts' leases let the command wait in its queue (UTC); the broker drops it then.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The images, at least one; all of one <see cref="Settings.GroupKey"/>.</summary>
    public required IReadOnlyList<ImageToRender> Images { get; init; }
}
