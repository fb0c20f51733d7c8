namespace StableDiffusion.Contracts.Webhooks;

/// <summary>How the delivery of an event stands.</summary>
public enum WebhookDeliveryState
{
    /// <summary>It waits for its first or next try.</summary>
    Pending,

    /// <summary>The address answered with 2xx.</summary>
    Delivered,

    /// <summary>It was given up.</summary>
    Failed,
}
