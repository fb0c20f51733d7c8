using StableDiffusion.Contracts.Settings;

namespace StableDiffusion.Contracts.Messages;

/// <summary>
/// Command to the workers that hold <see cref="Model"/>, over the model's queue: render these images, which may share a network
/// call. It is no permission: a worker asks with <see cref="ClaimImages"/> and draws what it is granted alone, so a command that
/// is delivered twice, late, or of images that were cancelled meanwhile, draws nothing twice and nothing in vain.
/// </summary>
public sealed record RenderImages
{
    /// <summary>The model's name; also names the queue, <see cref="Queues.Render"/>.</summary>
    public required string Model { get; init; }

    /// <summary>SHA-256 of the checkpoint that is registered under that name: a worker that holds another content does not draw with it. Null where none is
    /// registered.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>The only worker that it is for, where others that hold the model lack the images' adapters; it came over <see cref="Queues.RenderOn"/>.
    /// Null: for whoever claims first.</summary>
    public string? WorkerId { get; init; }

    /// <summary>When the coordinator published the group (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>What all of them share: everything but prompts (empty here) and seed (0 here), see <see cref="GroupKey"/>.</summary>
    public required ImageSettings Settings { get; init; }

    /// <summary>Whether the worker shall have nothing else in hand meanwhile: the images were in hand when workers were lost, and may be what kills them.</summary>
    public bool Alone { get; init; }

    /// <summary>The images, at least one.</summary>
    public required IReadOnlyList<ImageToRender> Images { get; init; }
}
