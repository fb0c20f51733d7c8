using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Contracts.Batches;

/// <summary>Body of POST /v1/batches/{id}/rerun. What is left out is the origin's.</summary>
public sealed record RerunRequest
{
    /// <summary>Which images, by their places in the batch or by their ids; all by default.</summary>
    public IReadOnlyList<ImageReference>? Images { get; init; }

    /// <summary>Fields that take the place of the origin's in all of them. A sampler_name without a scheduler takes the sampler's own; a seed of -1 is another one for each image; a prompt brings its own lora tags.</summary>
    public ImageFields? Overrides { get; init; }

    /// <summary>true: the pictures are drawn to be compared with the origin's, as the new batch's verification_url tells; those that there are, and without overrides.</summary>
    public bool? Verify { get; init; }

    /// <summary>What to call the new batch.</summary>
    [MaxLength(200)]
    public string? Name { get; init; }

    /// <summary>Words to find it by, at most 20.</summary>
    [MaxLength(20)]
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>-100 … 100: higher goes first.</summary>
    [Range(-100, 100)]
    public int? Priority { get; init; }

    /// <summary>What is not begun by then is given up; never, by default.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>true: images that are being drawn have a small picture of what they look like so far.</summary>
    public bool? LivePreviews { get; init; }
}
