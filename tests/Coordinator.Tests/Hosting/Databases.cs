using Microsoft.EntityFrameworkCore;
using Npgsql;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Farm.Servers;

[assembly: AssemblyFixture(typeof(Databases))]

namespace StableDiffusion.Coordinator.Tests.Hosting;

/// <summary>One PostgreSQL for the run; every test gets a migrated database of its own, copied from a template.</summary>
public sealed class Databases : IAsyncLifetime
{
    private PostgresServer? server;
    private int count;

    /// <summary>The server, for what is done to it as a whole.</summary>
    internal PostgresServer Server => server!;

    public async ValueTask InitializeAsync()
    {
        server = await PostgresServer.StartAsync();
        await using var db = new FarmDb(new DbContextOptionsBuilder<FarmDb>().UseNpgsql(await EmptyAsync("template")).Options);
        await db.Database.MigrateAsync();
        NpgsqlConnection.ClearAllPools(); // a template must have no sessions
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Connection string of a new migrated database.</summary>
    public Task<string> NewAsync() => CreateAsync($"test{Interlocked.Increment(ref count)}", "TEMPLATE template");

    /// <summary>Connection string of a new empty database.</summary>
    public Task<string> EmptyAsync(string? name = null) => CreateAsync(name ?? $"test{Interlocked.Increment(ref count)}", "");

    private async Task<string> CreateAsync(string name, string options)
    {
        await using var connection = new NpgsqlConnection(Server.ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE {name} {options}", connection);
        await create.ExecuteNonQueryAsync();
        return Server.ConnectionString(name) + ";Maximum Pool Size=10";
    }
}
