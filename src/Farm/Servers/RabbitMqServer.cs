using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;

namespace StableDiffusion.Farm.Servers;

/// <summary>
/// A real RabbitMQ with its management API on loopback, without root or systemd. Up in under ten seconds, so
/// share one; gone, with all its data, when disposed.
/// </summary>
public sealed class RabbitMqServer : IAsyncDisposable
{
    private const string Packages = "rabbitmq-server";
    private const string Programs = "/usr/lib/rabbitmq/bin"; // the ones in PATH insist on the account rabbitmq
    private readonly string root = Directory.CreateTempSubdirectory("rmq-").FullName;
    private readonly int port = ServerProcess.FreePort();
    private readonly int managementPort = ServerProcess.FreePort();
    private readonly int distributionPort = ServerProcess.FreePort();
    private readonly int epmdPort = ServerProcess.FreePort();
    private ServerProcess? epmd;
    private ServerProcess? server;

    private RabbitMqServer()
    {
    }

    /// <summary>"amqp://guest:guest@127.0.0.1:PORT/".</summary>
    public Uri Uri => new($"amqp://guest:guest@127.0.0.1:{port}/");

    /// <summary>The management API, user and password guest.</summary>
    public Uri ManagementUri => new($"http://127.0.0.1:{managementPort}/api/");

    /// <summary>Starts an empty server; it answers when this returns.</summary>
    public static async Task<RabbitMqServer> StartAsync(CancellationToken cancellationToken = default)
    {
        var server = new RabbitMqServer();
        try
        {
            await server.ConfigureAsync(cancellationToken);
            await server.UpAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills the server (SIGKILL); durable queues and persistent messages stay.</summary>
    public void Kill()
    {
        server?.Dispose();
        server = null;
    }

    /// <summary>Starts the server on its data, after <see cref="Kill"/>.</summary>
    public async Task UpAsync(CancellationToken cancellationToken = default)
    {
        server = ServerProcess.Start(
            Path.Combine(root, "log", "server"), ServerProcess.Find("rabbitmq-server", Packages, Programs), [], Environment);
        using var http = OpenManagement();
        await server.WaitAsync(
            async () =>
            {
                try
                {
                    using var answer = await http.GetAsync(new Uri("health/checks/port-listener/" + port, UriKind.Relative), cancellationToken);
                    return answer.IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false; // not listening yet
                }
            },
            cancellationToken);
    }

    /// <summary>Makes a virtual host and gives its URI.</summary>
    public async Task<Uri> CreateVirtualHostAsync(string name, CancellationToken cancellationToken = default)
    {
        using var http = OpenManagement();
        using var made = await http.PutAsJsonAsync($"vhosts/{name}", new { }, cancellationToken);
        made.EnsureSuccessStatusCode();
        using var allowed = await http.PutAsJsonAsync($"permissions/{name}/guest", new { configure = ".*", write = ".*", read = ".*" }, cancellationToken);
        allowed.EnsureSuccessStatusCode();
        return new Uri(Uri, name);
    }

    /// <summary>A client of the management API.</summary>
    public HttpClient OpenManagement() => new()
    {
        BaseAddress = ManagementUri,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes("guest:guest"))) },
    };

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Kill();
        epmd?.Dispose();
        return ServerProcess.DeleteFolderAsync(root);
    }

    private async Task ConfigureAsync(CancellationToken cancellationToken)
    {
        foreach (var folder in new[] { "mnesia", "log" })
        {
            Directory.CreateDirectory(Path.Combine(root, folder));
        }

        var cookie = Path.Combine(root, ".erlang.cookie");
        await File.WriteAllTextAsync(cookie, Convert.ToHexString(RandomNumberGenerator.GetBytes(16)), cancellationToken);
        await ServerProcess.RunAsync("chmod", ["400", cookie], cancellationToken: cancellationToken); // Erlang refuses it otherwise
        await File.WriteAllTextAsync(Path.Combine(root, "enabled_plugins"), "[rabbitmq_management].\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(root, "rabbitmq.conf"), $"""
            listeners.tcp.default = 127.0.0.1:{port}
            management.tcp.ip = 127.0.0.1
            management.tcp.port = {managementPort}
            disk_free_limit.absolute = 50MB
            collect_statistics_interval = 1000
            log.file.level = warning

            """, cancellationToken);
        // its own, in the foreground: the one that Erlang would start outlives the server
        epmd = ServerProcess.Start(Path.Combine(root, "log", "epmd"), ServerProcess.Find("epmd", Packages), [], Environment);
    }

    private Dictionary<string, string> Environment => new()
    {
        ["HOME"] = root,
        ["ERL_EPMD_PORT"] = $"{epmdPort}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODENAME"] = $"test{port}@localhost",
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODE_PORT"] = $"{port}",
        ["RABBITMQ_DIST_PORT"] = $"{distributionPort}",
        ["RABBITMQ_BASE"] = root,
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(root, "mnesia"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(root, "log"),
        ["RABBITMQ_PID_FILE"] = Path.Combine(root, "pid"),
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(root, "rabbitmq.conf"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(root, "enabled_plugins"),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(root, "none"),
        ["RABBITMQ_ADVANCED_CONFIG_FILE"] = Path.Combine(root, "advanced.config"),
        // sbwt: its schedulers sleep where they would spin, as in docker-compose.yml
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
    };
}
