using System.ComponentModel.DataAnnotations;

namespace StableDiffusion.Contracts.Webhooks;

/// <summary>Body of PATCH /v1/webhooks/{id}: what is left out stays.</summary>
public sealed record WebhookChange
{
    /// <summary>Where to post events.</summary>
    [MaxLength(2000)]
    public string? Url { get; init; }

    /// <summary>Kinds of events; an empty list for all.</summary>
    public IReadOnlyList<string>? Types { get; init; }

    /// <summary>false: nothing is sent, and what happens meanwhile never will be. true: what happens from now on is.</summary>
    public bool? Enabled { get; init; }
}
