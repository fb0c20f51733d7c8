namespace StableDiffusion.Farm.Servers;

/// <summary>
/// A real PostgreSQL on loopback, without systemd. It does not run as root: started by root it takes the
/// packaged account <c>postgres</c>. Up in about a second; gone, with all its data, when disposed.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Packages = "postgresql";
    private readonly string root = Directory.CreateTempSubdirectory("pg-").FullName;
    private readonly int port = ServerProcess.FreePort();
    private readonly bool durable;
    private ServerProcess? server;

    private PostgresServer(bool durable) => this.durable = durable;

    private static bool IsRoot => Environment.UserName == "root";

    private string Data => Path.Combine(root, "data");

    /// <summary>Npgsql's connection string for a database of this server; "postgres" is there from the start.</summary>
    public string ConnectionString(string database) =>
        $"Host=127.0.0.1;Port={port};Username=farm;Database={database};Timeout=5";

    /// <summary>Starts an empty server whose data outlives a kill of it, but not of the machine; it answers when this returns.</summary>
    public static Task<PostgresServer> StartAsync(CancellationToken cancellationToken = default) => StartAsync(durable: false, cancellationToken);

    /// <summary>Starts an empty server; it answers when this returns.</summary>
    /// <param name="durable">Whether it waits for the disk, as where it serves.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<PostgresServer> StartAsync(bool durable, CancellationToken cancellationToken)
    {
        var server = new PostgresServer(durable);
        try
        {
            await server.InitAsync(cancellationToken);
            await server.UpAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates a database.</summary>
    public Task CreateDatabaseAsync(string name, CancellationToken cancellationToken = default) =>
        ToolAsync("createdb", ["-h", "127.0.0.1", "-p", $"{port}", "-U", "farm", name], cancellationToken);

    /// <summary>Kills the server (SIGKILL); its data stays.</summary>
    public void Kill()
    {
        server?.Dispose();
        server = null;
    }

    /// <summary>Starts the server on its data, after <see cref="Kill"/>.</summary>
    public async Task UpAsync(CancellationToken cancellationToken = default)
    {
        var (program, arguments) = AsAccount("postgres", ["-D", Data]);
        server = ServerProcess.Start(Path.Combine(root, "log"), program, arguments);
        await server.WaitAsync(
            async () =>
            {
                try
                {
                    await ToolAsync("pg_isready", ["-q", "-h", "127.0.0.1", "-p", $"{port}"], cancellationToken);
                    return true;
                }
                catch (InvalidOperationException)
                {
                    return false; // not listening, or still recovering
                }
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Kill();
        return ServerProcess.DeleteFolderAsync(root);
    }

    private async Task InitAsync(CancellationToken cancellationToken)
    {
        if (IsRoot)
        {
            await ServerProcess.RunAsync("chown", ["postgres:postgres", root], cancellationToken: cancellationToken);
        }

        var (program, arguments) = AsAccount(
            "initdb", ["-D", Data, "-U", "farm", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
        await ServerProcess.RunAsync(program, arguments, cancellationToken: cancellationToken);
        // trust is limited to loopback
        var sync = durable ? "on" : "off";
        await File.AppendAllTextAsync(Path.Combine(Data, "postgresql.conf"), $"""

            listen_addresses = '127.0.0.1'
            port = {port}
            unix_socket_directories = ''
            max_connections = 200
            fsync = {sync}
            full_page_writes = {sync}

            """, cancellationToken);
    }

    private static Task<string> ToolAsync(string program, string[] arguments, CancellationToken cancellationToken) =>
        ServerProcess.RunAsync(Find(program), arguments, cancellationToken: cancellationToken);

    private static (string Program, string[] Arguments) AsAccount(string program, string[] arguments) => IsRoot
        ? ("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", "env", "-C", "/", Find(program), .. arguments])
        : (Find(program), arguments);

    // Debian keeps the programs by version, away from PATH
    private static string Find(string program) => ServerProcess.Find(program, Packages, [.. Versions().Select(folder => Path.Combine(folder, "bin"))]);

    private static IEnumerable<string> Versions() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(folder => double.TryParse(Path.GetFileName(folder), out var version) ? version : 0)
        : [];
}
