using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using StableDiffusion.Servers;

namespace StableDiffusion.Farm.Tests.EndToEnd;

/// <summary>A real PostgreSQL, RabbitMQ and S3 server, shared by the tests of a run; each test has a database, virtual host and bucket of its own.</summary>
public sealed class TestServers : IAsyncLifetime
{
    private PostgresServer? postgres;
    private RabbitMqServer? rabbitMq;
    private CephServer? ceph;

    /// <summary>The S3 server, for looking into buckets.</summary>
    public CephServer S3 => ceph!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => await Task.WhenAll(
        Task.Run(async () => postgres = await PostgresServer.StartAsync(TestContext.Current.CancellationToken)),
        Task.Run(async () => rabbitMq = await RabbitMqServer.StartAsync(TestContext.Current.CancellationToken)),
        Task.Run(async () => ceph = await CephServer.StartAsync(TestContext.Current.CancellationToken)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable? server in new IAsyncDisposable?[] { ceph, rabbitMq, postgres })
        {
            if (server is not null)
            {
                await server.DisposeAsync();
            }
        }
    }

    /// <summary>Settings of a farm of its own, as its processes read them from the environment.</summary>
    public async Task<Dictionary<string, string>> CreateFarmAsync(CancellationToken cancellationToken)
    {
        string name = $"farm{Guid.NewGuid():N}";
        await postgres!.CreateDatabaseAsync(name, cancellationToken);
        await CreateVirtualHostAsync(name, cancellationToken);
        return new Dictionary<string, string>
        {
            ["ConnectionStrings__Farm"] = postgres.ConnectionString(name),
            ["RabbitMq__Uri"] = new Uri(rabbitMq!.Uri, name).ToString(),
            ["Objects__Kind"] = "s3",
            ["Objects__S3__ServiceUrl"] = ceph!.ServiceUrl,
            ["Objects__S3__Bucket"] = name,
            ["Objects__S3__AccessKey"] = ceph.AccessKey,
            ["Objects__S3__SecretKey"] = ceph.SecretKey,
        };
    }

    private async Task CreateVirtualHostAsync(string name, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = rabbitMq!.ManagementUri };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes("guest:guest")));
        using HttpResponseMessage made = await http.PutAsJsonAsync($"vhosts/{name}", new { }, cancellationToken);
        made.EnsureSuccessStatusCode();
        using HttpResponseMessage allowed = await http.PutAsJsonAsync($"permissions/{name}/guest", new { configure = ".*", write = ".*", read = ".*" }, cancellationToken);
        allowed.EnsureSuccessStatusCode();
    }
}

/// <summary>Tests that share the servers.</summary>
[CollectionDefinition(Name)]
public sealed class OnRealServers : ICollectionFixture<TestServers>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "real servers";
}
