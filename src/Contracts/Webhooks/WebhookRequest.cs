using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Contracts.Webhooks;

/// <summary>Body of POST /v1/webhooks.</summary>
public sealed record WebhookRequest
{
    /// <summary>Where to post events: https, or http where the farm allows it.</summary>
    [MaxLength(2000)]
    public string? Url { get; init; }

    /// <summary>Kinds of events, like "batch.finished"; all by default.</summary>
    public IReadOnlyList<string>? Types { get; init; }

    /// <summary>Of this batch alone.</summary>
    public Guid? BatchId { get; init; }

    /// <summary>Of batches with this tag alone.</summary>
    [MaxLength(50)]
    public string? Tag { get; init; }
}
