namespace StableDiffusion.Farm.Servers;

/// <summary>The servers that a distributed farm needs, on this machine: PostgreSQL, RabbitMQ and, unless pictures go to a folder, an S3 server.</summary>
public sealed class FarmServers : IAsyncDisposable
{
    private FarmServers()
    {
    }

    /// <summary>Keeps the backlog.</summary>
    public PostgresServer Postgres { get; private set; } = null!;

    /// <summary>Hands out the work.</summary>
    public RabbitMqServer RabbitMq { get; private set; } = null!;

    /// <summary>Keeps the pictures; null where farms keep them in folders.</summary>
    public CephServer? S3 { get; private set; }

    /// <summary>Starts them at once; they answer when this returns.</summary>
    /// <param name="s3">Whether there shall be an S3 server.</param>
    /// <param name="durable">Whether the database waits for the disk, as where it serves.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<FarmServers> StartAsync(bool s3, bool durable, CancellationToken cancellationToken)
    {
        var servers = new FarmServers();
        try
        {
            await Task.WhenAll(
                Task.Run(async () => servers.Postgres = await PostgresServer.StartAsync(durable, cancellationToken), cancellationToken),
                Task.Run(async () => servers.RabbitMq = await RabbitMqServer.StartAsync(cancellationToken), cancellationToken),
                Task.Run(async () => servers.S3 = s3 ? await CephServer.StartAsync(cancellationToken) : null, cancellationToken));
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>A database, virtual host and bucket or folder for a farm of its own, as settings that its processes read from the environment.</summary>
    /// <param name="folder">Where pictures go when there is no S3 server.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<Dictionary<string, string>> CreateFarmAsync(string folder, CancellationToken cancellationToken)
    {
        var name = $"farm{Guid.NewGuid():N}";
        await Postgres.CreateDatabaseAsync(name, cancellationToken);
        var settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__Farm"] = Postgres.ConnectionString(name),
            ["RabbitMq__Uri"] = (await RabbitMq.CreateVirtualHostAsync(name, cancellationToken)).ToString(),
            ["Objects__Kind"] = S3 is null ? "folder" : "s3",
            ["Objects__Folder"] = folder,
        };
        if (S3 is not null)
        {
            settings["Objects__S3__ServiceUrl"] = S3.ServiceUrl;
            settings["Objects__S3__Bucket"] = name;
            settings["Objects__S3__AccessKey"] = S3.AccessKey;
            settings["Objects__S3__SecretKey"] = S3.SecretKey;
        }

        return settings;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var server in new IAsyncDisposable?[] { S3, RabbitMq, Postgres })
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }
        }
    }
}
