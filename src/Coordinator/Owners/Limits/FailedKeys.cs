using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Owners.Limits;

/// <summary>Counts wrong keys by the address they come from, so that whoever tries many does not keep the database busy. Keys that were
/// right before are always looked at: behind one address there may be many people.</summary>
internal sealed class FailedKeys(IOptions<OwnerOptions> options) : IDisposable
{
    private readonly ConcurrentDictionary<string, bool> trusted = []; // as many as there are keys
    private readonly PartitionedRateLimiter<IPAddress> failures = PartitionedRateLimiter.Create<IPAddress, IPAddress>(
        address => RateLimitPartition.GetTokenBucketLimiter(address, _ => TokenBucket.PerMinute(options.Value.FailuresPerMinute)));

    /// <summary>How long to wait before a key may be tried from an address; null: not at all.</summary>
    public TimeSpan? Wait(IPAddress? address, byte[] sha256)
    {
        if (trusted.ContainsKey(Convert.ToHexString(sha256)))
        {
            return null;
        }

        using var lease = failures.AttemptAcquire(Network(address), 0);
        return lease.IsAcquired ? null : TokenBucket.RetryAfter(lease);
    }

    /// <summary>A key was wrong.</summary>
    public void Count(IPAddress? address, byte[] sha256)
    {
        trusted.TryRemove(Convert.ToHexString(sha256), out _);
        failures.AttemptAcquire(Network(address)).Dispose();
    }

    /// <summary>A key was right.</summary>
    public void Trust(byte[] sha256) => trusted.TryAdd(Convert.ToHexString(sha256), true);

    public void Dispose() => failures.Dispose();

    /// <summary>Of IPv6, the half that tells networks apart: the other is the sender's to choose.</summary>
    private static IPAddress Network(IPAddress? address) => address switch
    {
        null => IPAddress.None,
        { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } => new([.. address.GetAddressBytes()[..8], .. new byte[8]]),
        _ => address,
    };
}
