namespace StableDiffusion.Contracts.Webhooks;

/// <summary>An event on its way to a webhook's address.</summary>
public sealed record WebhookDeliveryResponse
{
    /// <summary>The delivery; the header webhook-id of every try.</summary>
    public required Guid Id { get; init; }

    /// <summary>The kind of event.</summary>
    public required string Type { get; init; }

    /// <summary>The event, as streams number them; absent for a test.</summary>
    public string? EventId { get; init; }

    /// <summary>How it stands.</summary>
    public required WebhookDeliveryState State { get; init; }

    /// <summary>Tries so far.</summary>
    public required int Attempts { get; init; }

    /// <summary>When it is tried next (UTC); absent when it is over.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>HTTP status of the last try's answer; absent when there was none.</summary>
    public int? LastStatus { get; init; }

    /// <summary>Why the last try failed.</summary>
    public string? LastError { get; init; }

    /// <summary>The first of what the last try's answer said.</summary>
    public string? Answer { get; init; }

    /// <summary>When it was made (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was delivered (UTC).</summary>
    public DateTimeOffset? DeliveredAt { get; init; }

    /// <summary>What is posted, to the byte; not in lists.</summary>
    public string? Body { get; init; }
}
