using System.Net;
using System.Net.Sockets;

namespace StableDiffusion.Farm.Tests.Faults;

/// <summary>A way to the broker that can be cut.</summary>
internal sealed class BrokerLine : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> ends = [];

    /// <summary>The broker's address by this way.</summary>
    public Uri To(Uri broker)
    {
        listener.Start();
        _ = AcceptAsync(broker);
        return new UriBuilder(broker) { Port = ((IPEndPoint)listener.LocalEndpoint).Port }.Uri;
    }

    /// <summary>Cuts it.</summary>
    public void Dispose()
    {
        listener.Dispose();
        lock (ends)
        {
            ends.ForEach(end => end.Dispose());
        }
    }

    private async Task AcceptAsync(Uri broker)
    {
        while (true)
        {
            var near = await listener.AcceptTcpClientAsync();
            var far = new TcpClient(broker.Host, broker.Port);
            lock (ends)
            {
                ends.AddRange([near, far]);
            }

            _ = near.GetStream().CopyToAsync(far.GetStream());
            _ = far.GetStream().CopyToAsync(near.GetStream());
        }
    }
}
