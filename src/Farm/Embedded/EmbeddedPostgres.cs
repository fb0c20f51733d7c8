using System.Globalization;
using Npgsql;

namespace StableDiffusion.Farm.Embedded;

/// <summary>
/// The farm's private PostgreSQL. It listens on no port, only on a socket in a folder that others cannot enter. One that a
/// killed farm left running is taken over as it is.
/// </summary>
internal sealed class EmbeddedPostgres
{
    private const int LongestSocketFolder = 80; // a socket's whole path may have 107 bytes
    private const string Name = "farm"; // of the superuser and of the database
    private readonly string folder;
    private readonly string cluster;
    private readonly string programs;
    private readonly PostgresAccount account;

    private EmbeddedPostgres(string folder, PostgresAccount account)
    {
        this.folder = folder;
        this.account = account;
        cluster = Path.Combine(folder, "data");
        programs = PostgresPrograms.Find(cluster);
    }

    private string PidFile => Path.Combine(cluster, "postmaster.pid");

    private string Log => Path.Combine(folder, "postgres.log");

    /// <summary>Makes the cluster when there is none, starts the server unless it runs, and gives the connection string.</summary>
    public static async Task<string> StartAsync(DataFolder data, CancellationToken cancellationToken)
    {
        EmbeddedPostgres server = await FindAsync(data, cancellationToken) ?? await CreateAsync(data, cancellationToken);
        if (!server.IsRunning())
        {
            await server.StartAsync(cancellationToken);
        }

        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = File.ReadLines(server.PidFile).ElementAtOrDefault(4) // line 5: the socket's folder
                ?? throw new FarmException("the database of a farm that was killed is still starting; try again in a moment"),
            Username = Name,
            Database = "postgres",
        };
        await EnsureDatabaseAsync(connection.ConnectionString, cancellationToken);
        connection.Database = Name;
        return connection.ConnectionString;
    }

    /// <summary>Stops the server of a data folder, if it runs; open connections are ended.</summary>
    public static async Task StopAsync(DataFolder data, CancellationToken cancellationToken)
    {
        if (await FindAsync(data, cancellationToken) is { } server && server.IsRunning())
        {
            await server.PgCtlAsync(["-m", "fast", "-t", "60", "stop"], cancellationToken);
        }
    }

    /// <summary>The server of a data folder, running or not; null when none was made yet.</summary>
    private static async Task<EmbeddedPostgres?> FindAsync(DataFolder data, CancellationToken cancellationToken)
    {
        string? folder = Places(data).FirstOrDefault(place => File.Exists(Path.Combine(place, "data", "PG_VERSION")));
        return folder is null
            ? null
            : new EmbeddedPostgres(folder, Environment.IsPrivilegedProcess
                ? await PostgresAccount.OwnerOfAsync(Path.Combine(folder, "data"), cancellationToken)
                : PostgresAccount.Self);
    }

    /// <summary>Where a cluster may lie: in the data folder; where the packaged account cannot reach that, in its own home.</summary>
    private static string[] Places(DataFolder data) => [data.Postgres, $"/var/lib/postgresql/render-farm-{data.Hash}"];

    private static async Task<EmbeddedPostgres> CreateAsync(DataFolder data, CancellationToken cancellationToken)
    {
        bool root = Environment.IsPrivilegedProcess;
        PostgresAccount account = root ? PostgresAccount.Packaged : PostgresAccount.Self;
        foreach (string folder in root ? Places(data) : [data.Postgres])
        {
            await account.MakeFolderAsync(folder, cancellationToken);
            if (await account.ReachesAsync(folder, cancellationToken))
            {
                var server = new EmbeddedPostgres(folder, account);
                await server.InitializeAsync(cancellationToken);
                return server;
            }

            Directory.Delete(folder);
        }

        throw new FarmException($"PostgreSQL's account can write neither {string.Join(" nor ", Places(data))}. Set FARM_DATA to a folder that it can reach.");
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        // made beside its place, so that an interrupted initdb is not taken for a cluster
        string unfinished = cluster + ".new";
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }

        (int code, string output) = await account.RunAsync(
            [Path.Combine(programs, "initdb"), "-D", unfinished, "-U", Name, "--auth=trust", "-E", "UTF8", "--locale=C"], cancellationToken);
        if (code != 0)
        {
            throw new FarmException($"PostgreSQL's initdb failed: {output.Trim()}");
        }

        Directory.Move(unfinished, cluster);
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        // a file of a server that is gone; its number may be another process's by now, which would keep PostgreSQL from starting
        File.Delete(PidFile);
        string sockets = folder;
        if (folder.Length > LongestSocketFolder)
        {
            sockets = Directory.CreateTempSubdirectory("render-farm-").FullName;
            await account.MakeFolderAsync(sockets, cancellationToken);
        }

        await PgCtlAsync(["-t", "120", "-l", Log, "-o", $"-c listen_addresses='' -c unix_socket_directories='\"{sockets}\"'", "start"], cancellationToken);
    }

    private async Task PgCtlAsync(string[] arguments, CancellationToken cancellationToken)
    {
        (int code, string output) = await account.RunAsync([Path.Combine(programs, "pg_ctl"), "-D", cluster, "-w", .. arguments], cancellationToken);
        if (code != 0)
        {
            string log = File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(5)) : "";
            throw new FarmException($"PostgreSQL: {output.Trim()}\n{log}");
        }
    }

    /// <summary>Whether the process named in the cluster's pid file is a server, and this cluster's.</summary>
    private bool IsRunning()
    {
        if (!File.Exists(PidFile) || !int.TryParse(File.ReadLines(PidFile).FirstOrDefault(), CultureInfo.InvariantCulture, out int pid))
        {
            return false;
        }

        string command = $"/proc/{pid}/cmdline";
        // an ended process that waits to be reaped has no command line
        return File.Exists(command) && File.ReadAllText(command).Split('\0').Contains(cluster);
    }

    private static async Task EnsureDatabaseAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(connectionString);
        await using NpgsqlCommand exists = source.CreateCommand($"SELECT 1 FROM pg_database WHERE datname = '{Name}'");
        if (await exists.ExecuteScalarAsync(cancellationToken) is null)
        {
            await using NpgsqlCommand create = source.CreateCommand($"CREATE DATABASE {Name}");
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
