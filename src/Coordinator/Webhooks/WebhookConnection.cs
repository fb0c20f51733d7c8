using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace StableDiffusion.Coordinator.Webhooks;

/// <summary>
/// Connects to webhooks' addresses, and to no others: what a name stands for is looked up here, checked, and connected to, so that a
/// name that changes its mind gains nothing. No redirects, no proxy, no cookies: each would lead elsewhere or tell too much.
/// </summary>
internal sealed class WebhookConnection(IOptions<WebhookOptions> options)
{
    /// <summary>What the client of <see cref="WebhookSender"/> sends with.</summary>
    public SocketsHttpHandler NewHandler() => new()
    {
        ConnectCallback = ConnectAsync,
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null, // the farm's traces are no business of strangers
        MaxResponseHeadersLength = 16, // KiB
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        var allowed = addresses.Where(address => PublicAddress.IsAllowed(address, options.Value.AllowPrivate)).ToArray();
        if (allowed.Length == 0)
        {
            throw new HttpRequestException(
                $"{context.DnsEndPoint.Host} is {string.Join(", ", addresses.AsEnumerable())}, which webhooks may not reach{(options.Value.AllowPrivate ? "" : " (Webhooks:AllowPrivate is false)")}.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
