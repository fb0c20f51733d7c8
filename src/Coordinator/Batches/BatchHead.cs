using StableDiffusion.Coordinator.Batches.Idempotency;
using StableDiffusion.Coordinator.Owners;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>What a batch says of itself besides its images, see <see cref="Batch"/>.</summary>
public sealed record BatchHead
{
    /// <summary>Whose it is.</summary>
    public int OwnerId { get; init; } = Owner.Default;

    /// <summary>The key that no other batch of the owner may have been made with.</summary>
    public SubmissionKey? Key { get; init; }

    /// <summary>The batch this one does again.</summary>
    public Guid? OriginId { get; init; }

    /// <summary>What its owner calls it.</summary>
    public string? Name { get; init; }

    /// <summary>Words to find it by.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Higher goes first.</summary>
    public int Priority { get; init; }

    /// <summary>What is not begun by then is given up (UTC).</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Whether images are to be seen while they are drawn.</summary>
    public bool LivePreview { get; init; }
}
