using StableDiffusion.Contracts.Events;

namespace StableDiffusion.Contracts.Webhooks;

/// <summary>What is posted to a webhook, in the form that Standard Webhooks recommends.</summary>
public sealed record WebhookMessage
{
    /// <summary>The kind of event; "webhook.test" for a test.</summary>
    public required string Type { get; init; }

    /// <summary>When it happened (UTC).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>What happened; absent in a test.</summary>
    public EventResponse? Data { get; init; }
}
