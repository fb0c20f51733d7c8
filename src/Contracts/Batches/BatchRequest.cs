using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Contracts.Batches;

/// <summary>Body of POST /v1/batches. Images are every prompt with every seed, prompts outermost, times what <c>product</c>, <c>zip</c> and <c>runs</c> make of it.</summary>
public sealed record BatchRequest : BatchRun
{
    /// <summary>Several requests in one, in order: each is this one with the fields that it gives in place of this one's.</summary>
    [MinLength(1)]
    public IReadOnlyList<BatchRun>? Runs { get; init; }

    /// <summary>true: images that are being drawn have a small picture of what they look like so far, at their preview_url. The finished pictures are the same. false by default.</summary>
    public bool? LivePreviews { get; init; }

    /// <summary>What to call the batch.</summary>
    [MaxLength(200)]
    public string? Name { get; init; }

    /// <summary>Words to find it by, at most 20.</summary>
    [MaxLength(20)]
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>-100 … 100, 0 by default: higher goes first.</summary>
    [Range(-100, 100)]
    public int? Priority { get; init; }

    /// <summary>What is not begun by then is given up.</summary>
    public DateTimeOffset? Deadline { get; init; }
}
