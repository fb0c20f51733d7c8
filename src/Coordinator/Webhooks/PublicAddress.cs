using System.Net;
using System.Net.Sockets;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>Which addresses a stranger's webhook may make the farm connect to (IANA's special-purpose registries, and what clouds add).</summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] Never = Parse(
        "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4", // metadata of AWS, GCP, Azure, Alibaba, Oracle
        "::/128", "fe80::/10", "ff00::/8", "fd00:ec2::254/128", "fd20:ce::254/128");

    private static readonly IPNetwork[] Private = Parse(
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20");

    private static readonly IPNetwork Translated = IPNetwork.Parse("64:ff9b::/96"); // to IPv4, by the network (RFC 6052)
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Whether it may be connected to.</summary>
    /// <param name="address">The address, not a name: names are looked up first, and what they give is asked about.</param>
    /// <param name="allowPrivate">Whether loopback and private ones may.</param>
    public static bool IsAllowed(IPAddress address, bool allowPrivate)
    {
        var plain = Plain(address);
        return !Never.Any(network => network.Contains(plain)) && (allowPrivate || IsPublic(plain));
    }

    private static bool IsPublic(IPAddress address) =>
        !Private.Any(network => network.Contains(address)) && (address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address));

    // an IPv4 address in IPv6's clothes is what it is
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4()
        : Translated.Contains(address) ? new IPAddress(address.GetAddressBytes()[12..])
        : address;

    private static IPNetwork[] Parse(params string[] networks) => [.. networks.Select(network => IPNetwork.Parse(network))];
}
