using System.Net;
using StableDiffusion.Coordinator.Webhooks;

namespace StableDiffusion.Coordinator.Tests.Webhooks;

public sealed class PublicAddressTests
{
    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("64:ff9b::808:808")]
    public void Public_addresses_are_reached(string address) => Assert.True(PublicAddress.IsAllowed(IPAddress.Parse(address), allowPrivate: false));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f000001")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.0.1")]
    [InlineData("100.64.0.1")]
    [InlineData("198.18.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::a00:1")]
    [InlineData("fc00::1")]
    [InlineData("fec0::1")]
    [InlineData("::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:db8::1")]
    public void Private_addresses_are_reached_only_where_it_is_allowed(string address) =>
        Assert.False(PublicAddress.IsAllowed(IPAddress.Parse(address), allowPrivate: false));

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("ff02::1")]
    public void Credentials_of_clouds_and_links_are_reached_never(string address) => Assert.False(PublicAddress.IsAllowed(IPAddress.Parse(address), allowPrivate: true));

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("192.168.0.1")]
    [InlineData("fc00::1")]
    public void What_is_allowed_is_reached(string address) => Assert.True(PublicAddress.IsAllowed(IPAddress.Parse(address), allowPrivate: true));
}
