namespace StableDiffusion.Farm.Servers;

/// <summary>
/// A real S3 server: Ceph's radosgw over one monitor and one OSD that keeps its data in memory, all on loopback,
/// without root or systemd. Up in about two seconds; gone, with all its data, when disposed.
/// </summary>
public sealed class CephServer : IAsyncDisposable
{
    private const string Packages = "radosgw ceph-mon ceph-osd ceph-base";
    private readonly string root = Directory.CreateTempSubdirectory("ceph-").FullName;
    private readonly Stack<ServerProcess> daemons = new();
    private readonly int s3Port = ServerProcess.FreePort();
    private readonly int monitorPort = ServerProcess.FreePort();
    private readonly int osdPort = ServerProcess.FreePort();

    private CephServer()
    {
    }

    /// <summary>"http://127.0.0.1:PORT".</summary>
    public string ServiceUrl => $"http://127.0.0.1:{s3Port}";

    /// <summary>Access key of the first user, whom whatever is made belongs to.</summary>
    public string AccessKey { get; } = "testkey";

    /// <summary>Secret key of the first user.</summary>
    public string SecretKey { get; } = "testsecretkey12345";

    // Debian 13's default is a path without its first slash.
    private static string ClassFolder => Directory.GetDirectories("/usr/lib").Prepend("/usr/lib")
        .Select(folder => Path.Combine(folder, "rados-classes")).FirstOrDefault(Directory.Exists)
        ?? throw new FileNotFoundException($"Ceph's object classes are needed: apt-get install -y --no-install-recommends {Packages}");

    private string Conf => Path.Combine(root, "ceph.conf");

    /// <summary>Starts the server; it answers when this returns.</summary>
    public static async Task<CephServer> StartAsync(CancellationToken cancellationToken = default)
    {
        var server = new CephServer();
        try
        {
            await server.UpAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        while (daemons.TryPop(out var daemon))
        {
            daemon.Dispose();
        }
        return ServerProcess.DeleteFolderAsync(root);
    }

    /// <summary>Makes one more user, who may do nothing but what buckets' policies allow; its name is also its access key.</summary>
    public Task CreateUserAsync(string name, string secretKey, CancellationToken cancellationToken = default) => ToolAsync(
        "radosgw-admin",
        ["-c", Conf, "user", "create", $"--uid={name}", $"--display-name={name}", $"--access-key={name}", $"--secret-key={secretKey}", "--max-buckets=-1"],
        cancellationToken);

    private async Task UpAsync(CancellationToken cancellationToken)
    {
        var cluster = Guid.NewGuid().ToString();
        var osd = Guid.NewGuid().ToString();
        await File.WriteAllTextAsync(Conf, Configuration(cluster), cancellationToken);
        foreach (var folder in new[] { "mon/a", "osd/0", "run", "log", "tmp", "rgw" })
        {
            Directory.CreateDirectory(Path.Combine(root, folder));
        }

        var map = Path.Combine(root, "monmap");
        await ToolAsync("monmaptool", ["--create", "--fsid", cluster, "--addv", "a", $"[v2:127.0.0.1:{monitorPort}]", map], cancellationToken);
        await ToolAsync("ceph-mon", ["-c", Conf, "-i", "a", "--mkfs", "--monmap", map], cancellationToken);
        Daemon("ceph-mon", ["-c", Conf, "-i", "a", "-f"]);
        await ToolAsync("ceph", ["-c", Conf, "--connect-timeout", "30", "osd", "new", osd, "0"], cancellationToken);
        await ToolAsync("ceph-osd", ["-c", Conf, "-i", "0", "--mkfs", "--osd-uuid", osd], cancellationToken);
        await Daemon("ceph-osd", ["-c", Conf, "-i", "0", "-f"]).WaitAsync(
            async () => (await ToolAsync("ceph", ["-c", Conf, "osd", "stat"], cancellationToken)).Contains("1 up", StringComparison.Ordinal),
            cancellationToken);
        await ToolAsync(
            "radosgw-admin",
            ["-c", Conf, "user", "create", "--uid=test", "--display-name=test", $"--access-key={AccessKey}", $"--secret-key={SecretKey}"],
            cancellationToken);

        await ResumeAsync(cancellationToken);
    }

    /// <summary>Kills the S3 server alone (SIGKILL); the buckets and what they hold stay.</summary>
    public void Stop() => daemons.Pop().Dispose();

    /// <summary>Starts it again after <see cref="Stop"/>; it answers when this returns.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken = default)
    {
        using var http = new HttpClient();
        await Daemon("radosgw", ["-c", Conf, "-n", "client.rgw.a", "-f"]).WaitAsync(
            async () =>
            {
                try
                {
                    return (await http.GetAsync(new Uri(ServiceUrl), cancellationToken)).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false; // not listening yet
                }
            },
            cancellationToken);
    }

    private ServerProcess Daemon(string program, string[] arguments)
    {
        var daemon = ServerProcess.Start(Path.Combine(root, "log", program), ServerProcess.Find(program, Packages), arguments);
        daemons.Push(daemon);
        return daemon;
    }

    private static Task<string> ToolAsync(string program, string[] arguments, CancellationToken cancellationToken) =>
        ServerProcess.RunAsync(ServerProcess.Find(program, Packages), arguments, cancellationToken: cancellationToken);

    private string Configuration(string cluster) => $"""
        [global]
        fsid = {cluster}
        mon host = v2:127.0.0.1:{monitorPort}
        mon initial members = a
        public addr = 127.0.0.1
        cluster addr = 127.0.0.1
        ms bind ipv4 = true
        ms bind ipv6 = false
        ms bind msgr1 = false
        ms bind port min = {osdPort}
        ms bind port max = {osdPort + 40}
        auth cluster required = none
        auth service required = none
        auth client required = none
        auth supported = none
        run dir = {root}/run
        admin socket = {root}/run/$name.asok
        pid file = {root}/run/$name.pid
        log file = {root}/log/$name.log
        crash dir = {root}/tmp
        keyring = {root}/keyring
        osd pool default size = 1
        osd pool default min size = 1
        osd pool default pg num = 4
        osd pool default pgp num = 4
        osd pool default pg autoscale mode = off
        osd crush chooseleaf type = 0
        mon allow pool size one = true
        mon warn on pool no redundancy = false
        mon data avail crit = 1
        mon max pg per osd = 1000
        paxos propose interval = 0.02
        paxos min wait = 0.01
        mon tick interval = 1
        [mon.a]
        mon data = {root}/mon/a
        mon addr = v2:127.0.0.1:{monitorPort}
        [osd.0]
        osd data = {root}/osd/0
        osd objectstore = memstore
        osd class dir = {ClassFolder}
        memstore device bytes = 1073741824
        osd max object name len = 460
        [client.rgw.a]
        rgw frontends = beast endpoint=127.0.0.1:{s3Port} tcp_nodelay=1
        rgw enable usage log = false
        rgw run sync thread = false
        rgw data = {root}/rgw
        ms mon client mode = crc

        """;
}
