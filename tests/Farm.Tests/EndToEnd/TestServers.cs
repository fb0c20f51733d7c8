using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Tests.EndToEnd;

/// <summary>A real PostgreSQL, RabbitMQ and S3 server, shared by the tests of a run; each test has a database, virtual host and bucket of its own.</summary>
public sealed class TestServers : IAsyncLifetime
{
    private FarmServers? servers;
    private Task<LeastRights>? leastRights;

    /// <summary>All of them.</summary>
    public FarmServers All => servers!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => servers = await FarmServers.StartAsync(s3: true, durable: false, TestContext.Current.CancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => servers?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Settings of a farm of its own, as its processes read them from the environment.</summary>
    public Task<Dictionary<string, string>> CreateFarmAsync(CancellationToken cancellationToken) => All.CreateFarmAsync(folder: "", cancellationToken);

    /// <summary>The one farm with the credentials of a deployment.</summary>
    internal Task<LeastRights> CreateLeastRightsAsync(CancellationToken cancellationToken) => leastRights ??= LeastRights.CreateAsync(All, cancellationToken);
}

/// <summary>Tests that share the servers.</summary>
[CollectionDefinition(Name)]
public sealed class OnRealServers : ICollectionFixture<TestServers>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "real servers";
}
