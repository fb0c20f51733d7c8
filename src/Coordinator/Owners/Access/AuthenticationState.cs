using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Owners.Access;

/// <summary>Whether requests need a key, which in the automatic mode depends on who can reach the coordinator.</summary>
internal sealed class AuthenticationState(IServer server, IOptions<OwnerOptions> options)
{
    private volatile bool isOn = options.Value.Authentication != AuthenticationMode.Off; // until the addresses are known

    /// <summary>Whether requests that come over the network need a key.</summary>
    public bool IsOn => isOn;

    /// <summary>The addresses it listens on, for people.</summary>
    public string Addresses => string.Join(", ", Bound);

    private ICollection<string> Bound => server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];

    /// <summary>Looks at the addresses, which are known once the server has started.</summary>
    public void Decide() => isOn = options.Value.Authentication switch
    {
        AuthenticationMode.On => true,
        AuthenticationMode.Off => false,
        _ => Bound is not { Count: > 0 } bound || !bound.All(IsLoopback),
    };

    /// <summary>Whether a request needs a key. In the automatic mode the connection is looked at as well, since Kestrel takes new endpoints
    /// while it runs, and the name that the farm was called by: a proxy's, or one that a site has given this machine's address to make a
    /// browser here ask (DNS rebinding), is not this machine's own. Nor is a change that another site makes a browser here ask for.</summary>
    public bool IsOnFor(HttpContext context) => IsOn || (options.Value.Authentication is AuthenticationMode.Auto
        && !((context.Connection.LocalIpAddress is not { } address || IPAddress.IsLoopback(address)) && IsLoopbackName(context.Request.Host.Host) && !IsAnothersChange(context.Request)));

    /// <summary>Whether an address that a server listens on ("http://localhost:5080") can be reached from this machine alone.</summary>
    public static bool IsLoopback(string address)
    {
        var binding = BindingAddress.Parse(address);
        return binding.IsUnixPipe || binding.IsNamedPipe || IsLoopbackName(binding.Host);
    }

    // a browser says which site made it ask; one that this machine's user just looks at shall not sweep, scan or drain here
    private static bool IsAnothersChange(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && request.Headers["Sec-Fetch-Site"] == "cross-site";

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host, out var ip) && IPAddress.IsLoopback(ip));
}
