namespace StableDiffusion.Contracts.Webhooks;

/// <summary>An address that is told what happens.</summary>
public sealed record WebhookResponse
{
    /// <summary>The webhook.</summary>
    public required Guid Id { get; init; }

    /// <summary>Where events are posted.</summary>
    public required string Url { get; init; }

    /// <summary>Kinds of events; empty for all.</summary>
    public required IReadOnlyList<string> Types { get; init; }

    /// <summary>Of this batch alone; absent for any.</summary>
    public Guid? BatchId { get; init; }

    /// <summary>Of batches with this tag alone; absent for any.</summary>
    public string? Tag { get; init; }

    /// <summary>Whether events are sent.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Why the farm sends nothing more; absent when it does, or when its owner wanted it so.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>Since when nothing was delivered that was tried (UTC); absent when the last try went well.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>When it was added (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until when deliveries are signed with the secret before the present one, too (UTC); absent when there was none.</summary>
    public DateTimeOffset? FormerSecretUntil { get; init; }

    /// <summary>The key of the signatures, "whsec_…". In the answers to POST alone: keep it.</summary>
    public string? Secret { get; init; }

    /// <summary>Path of what was sent and what shall be.</summary>
    public required string DeliveriesUrl { get; init; }
}
