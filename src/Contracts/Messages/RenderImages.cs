namespace StableDiffusion.Contracts.Messages;

/// <summary>Command to a worker that holds <see cref="Model"/>: render these images, which may share a network call.</summary>
public sealed record RenderImages
{
    /// <summary>The model's name; also names the queue, <see cref="Queues.Render"/>.</summary>
    public required string Model { get; init; }

    /// <summary>When the coordinator published the group (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The images, at least one.</summary>
    public required IReadOnlyList<ImageToRender> Images { get; init; }
}
