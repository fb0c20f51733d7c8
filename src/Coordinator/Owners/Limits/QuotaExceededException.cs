namespace StableDiffusion.Coordinator.Owners.Limits;

/// <summary>An owner's limit does not let a batch in.</summary>
/// <param name="limit">The limit as the API calls it: "max_waiting".</param>
/// <param name="message">The limit, the use, and what to do.</param>
/// <param name="retryAfter">When it may pass; null where waiting does not help.</param>
public sealed class QuotaExceededException(string limit, string message, TimeSpan? retryAfter) : Exception(message)
{
    /// <summary>The limit as the API calls it.</summary>
    public string Limit { get; } = limit;

    /// <summary>When it may pass; null where waiting does not help.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
