using System.Threading.RateLimiting;

namespace StableDiffusion.Coordinator.Owners.Limits;

/// <summary>A bucket that holds a minute's tokens and is filled little by little.</summary>
internal static class TokenBucket
{
    public static TokenBucketRateLimiterOptions PerMinute(int limit)
    {
        var tokens = Math.Max(1, limit / 60);
        return new TokenBucketRateLimiterOptions
        {
            TokenLimit = limit, TokensPerPeriod = tokens, ReplenishmentPeriod = TimeSpan.FromMinutes((double)tokens / limit), QueueLimit = 0,
        };
    }

    /// <summary>When to try again after a refusal.</summary>
    public static TimeSpan RetryAfter(RateLimitLease lease) => lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1);
}
