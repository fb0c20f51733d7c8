using System.Net.Http.Json;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Coordinator.Batches;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Events;
using StableDiffusion.Coordinator.Owners;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using StableDiffusion.Storage.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Events;

/// <summary>A coordinator that answers on a port of this machine and dispatches nothing: tests write the events themselves.</summary>
internal sealed class EventsHost : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly string folder;

    private EventsHost(WebApplication app, string connectionString, string folder)
    {
        (this.app, this.folder) = (app, folder);
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        Database = NpgsqlDataSource.Create(connectionString);
    }

    public HttpClient Client { get; }

    public NpgsqlDataSource Database { get; }

    public IServiceProvider Services => app.Services;

    public static async Task<EventsHost> StartAsync(string connectionString, Dictionary<string, string?>? settings = null)
    {
        var folder = Directory.CreateTempSubdirectory("events-").FullName;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Farm"] = connectionString,
            ["Objects:Kind"] = "folder",
            ["Objects:Folder"] = folder,
            ["Owners:Authentication"] = "off",
            ["Events:PollEvery"] = "00:00:00.020",
        }).AddInMemoryCollection(settings ?? []);
        builder.AddCoordinator();
        builder.AddObjectStore();
        builder.Services.AddMassTransit(bus => bus.UsingInMemory());
        builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(Dispatcher)));
        var app = builder.Build();
        app.MapCoordinator();
        await app.StartAsync(Token);
        return new EventsHost(app, connectionString, folder);
    }

    /// <summary>Submits a batch that must be accepted; a worker that holds its model is known.</summary>
    public async Task<BatchResponse> SubmitAsync(BatchRequest request)
    {
        await using var scope = Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<WorkerRegister>().RegisterAsync(CoordinatorHost.Registered("worker-1", DateTimeOffset.UtcNow), Token);
        using var answer = await Client.PostAsJsonAsync("/v1/batches", request, FarmJson.Options, Token);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Token));
        return (await answer.Content.ReadFromJsonAsync<BatchResponse>(FarmJson.Options, Token))!;
    }

    /// <summary>Writes a batch of no images.</summary>
    public async Task<Guid> AddBatchAsync(int owner = Owner.Default, DateTimeOffset? finishedAt = null, bool livePreview = false, params string[] tags)
    {
        await using var scope = Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<FarmDb>();
        var batch = new Batch
        {
            Id = Guid.CreateVersion7(), OwnerId = owner, CreatedAt = DateTimeOffset.UtcNow, Images = 1, Open = 1, FinishedAt = finishedAt?.ToUniversalTime(),
            LivePreview = livePreview, Tags = [.. tags],
        };
        db.Batches.Add(batch);
        await db.SaveChangesAsync(Token);
        return batch.Id;
    }

    /// <summary>Writes an event in a transaction of its own.</summary>
    public async Task TellAsync(Guid batch, string type = EventTypes.BatchCancelled, string data = "{}", int owner = Owner.Default)
    {
        await using var connection = await Database.OpenConnectionAsync(Token);
        await TellAsync(connection, batch, type, data, owner);
    }

    /// <summary>Writes events in the connection's transaction.</summary>
    public static async Task TellAsync(
        NpgsqlConnection connection, Guid batch, string type = EventTypes.BatchCancelled, string data = "{}", int owner = Owner.Default, int times = 1)
    {
        await using var insert = new NpgsqlCommand(
            "INSERT INTO events (batch_id, owner_id, type, data) SELECT $1, $2, $3, $4::jsonb FROM generate_series(1, $5)", connection)
        {
            Parameters = { new() { Value = batch }, new() { Value = owner }, new() { Value = type }, new() { Value = data }, new() { Value = times } },
        };
        await insert.ExecuteNonQueryAsync(Token);
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        await Database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
