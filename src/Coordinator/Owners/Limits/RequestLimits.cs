using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using StableDiffusion.Coordinator.Owners.Access;

namespace StableDiffusion.Coordinator.Owners.Limits;

/// <summary>Limits an owner's requests a minute, whichever of its keys they come with. Each replica counts those that it answers.</summary>
internal sealed class RequestLimits(IOptions<OwnerOptions> owners, IProblemDetailsService problems) : IConfigureOptions<RateLimiterOptions>
{
    public void Configure(RateLimiterOptions options)
    {
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, Bucket>(Partition);
        options.OnRejected = async (rejected, _) =>
        {
            var context = rejected.HttpContext;
            var limit = BucketOf(context).Limit;
            var problem = TooManyRequests.Problem(context, TokenBucket.RetryAfter(rejected.Lease), $"Your keys may make {limit} requests a minute together.");
            context.Response.StatusCode = problem.Status!.Value;
            await problems.WriteAsync(new ProblemDetailsContext { HttpContext = context, ProblemDetails = problem });
        };
    }

    private RateLimitPartition<Bucket> Partition(HttpContext context) => BucketOf(context) is { Limit: > 0 } bucket
        ? RateLimitPartition.GetTokenBucketLimiter(bucket, _ => TokenBucket.PerMinute(bucket.Limit))
        : RateLimitPartition.GetNoLimiter(Bucket.Bottomless);

    private Bucket BucketOf(HttpContext context) =>
        context.RequestServices.GetRequiredService<CurrentOwner>() is { KeyId: not null } owner
            ? new Bucket(owner.Id, owner.MaxRequestsPerMinute ?? owners.Value.RequestsPerMinute)
            : Bucket.Bottomless;

    // with the limit, so that another one counts at once
    private sealed record Bucket(int OwnerId, int Limit)
    {
        /// <summary>Of requests that need no key.</summary>
        public static Bucket Bottomless { get; } = new(0, 0);
    }
}
