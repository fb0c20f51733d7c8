using System.Net.Http.Json;
using System.Threading.Channels;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Dispatch;
using StableDiffusion.Coordinator.Files;
using StableDiffusion.Coordinator.Workers;
using StableDiffusion.Storage;
using StableDiffusion.Storage.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Hosting;

/// <summary>
/// A coordinator on a database of its own, with the in-memory transport and a folder for objects, hosted as the embedded farm
/// hosts it. Its clock stands and its dispatcher rests unless told otherwise: tests run the rounds themselves.
/// </summary>
internal sealed class CoordinatorHost : IAsyncDisposable
{
    public const string Model = "tiny";
    private readonly WebApplication app;
    private readonly AsyncServiceScope scope;
    private readonly string folder;

    private CoordinatorHost(WebApplication app, string folder)
    {
        (this.app, this.folder) = (app, folder);
        scope = app.Services.CreateAsyncScope();
    }

    /// <summary>A user's view of the host.</summary>
    public HttpClient Client => field ??= app.GetTestClient();

    /// <summary>Where it listens, when it was told to listen somewhere.</summary>
    public Uri Url => new(app.Urls.First());

    public ManualTime Time { get; private init; } = new();

    /// <summary>Commands that came out of the queue of <see cref="Model"/>.</summary>
    public Channel<RenderImages> Commands { get; private init; } = Channel.CreateUnbounded<RenderImages>();

    public FarmDb Db => Get<FarmDb>();

    public IBus Bus => Get<IBus>();

    public static ModelDescription Description { get; } = new()
    {
        Name = Model,
        Hash = "aa11",
        VaeScaleFactor = 8,
        DefaultSize = 64,
        DefaultCfgScale = 5,
        DefaultSampler = "Euler",
    };

    public static async Task<CoordinatorHost> StartAsync(
        string connectionString, Dictionary<string, string?>? settings = null, bool dispatcherRuns = false, Func<CoordinatorHost, RenderImages, Task>? worker = null,
        IObjectStore? objects = null, Action<WebApplicationBuilder>? configure = null)
    {
        var folder = Directory.CreateTempSubdirectory("coordinator-").FullName;
        var time = new ManualTime();
        var commands = Channel.CreateUnbounded<RenderImages>();
        CoordinatorHost? host = null;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseTestServer();
        builder.Services.AddRoutingCore();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:Farm"] = connectionString,
            ["Objects:Kind"] = "folder",
            ["Objects:Folder"] = folder,
            ["Owners:Authentication"] = "off", // a test's server has no address to tell whether that is safe
        }).AddInMemoryCollection(settings ?? []);
        builder.AddCoordinator();
        builder.AddObjectStore();
        if (objects is not null)
        {
            builder.Services.Replace(ServiceDescriptor.Singleton(objects));
        }

        if (!dispatcherRuns)
        {
            builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(time));
            builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(Dispatcher)));
            builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(FileWork)));
        }

        builder.Services.AddMassTransit(bus =>
        {
            bus.AddCoordinatorConsumers();
            bus.UsingInMemory((context, transport) =>
            {
                transport.ReceiveEndpoint(Queues.Render(Model), endpoint => endpoint.Handler<RenderImages>(async command =>
                {
                    await commands.Writer.WriteAsync(command.Message);
                    await (worker?.Invoke(host!, command.Message) ?? Task.CompletedTask);
                }));
                transport.ConfigureEndpoints(context);
            });
        });
        configure?.Invoke(builder);
        try
        {
            var app = builder.Build();
            host = new CoordinatorHost(app, folder) { Time = time, Commands = commands };
            app.MapCoordinator();
            await app.StartAsync();
            return host;
        }
        catch when (host is null)
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
        catch
        {
            await host!.DisposeAsync();
            throw;
        }
    }

    /// <summary>A service of a scope that lasts as long as the host.</summary>
    public T Get<T>()
        where T : notnull => scope.ServiceProvider.GetRequiredService<T>();

    /// <summary>A worker that holds <see cref="Model"/> registers.</summary>
    public async Task ReportWorkerAsync(string id = "worker-1", int groupSize = 4)
    {
        await Get<WorkerRegister>().RegisterAsync(Registered(id, Time.GetUtcNow()) with { GroupSize = groupSize }, Token);
        Get<Fleet>().Changed();
    }

    /// <summary>A worker is heard of.</summary>
    public async Task BeatAsync(string id = "worker-1", bool leaving = false, params Guid[] attempts)
    {
        await Get<WorkerRegister>().BeatAsync([Beat(id, Time.GetUtcNow()) with { Leaving = leaving, Attempts = attempts }], Token);
        Get<Fleet>().Changed();
    }

    public static WorkerRegistered Registered(string id, DateTimeOffset time) => new()
    {
        WorkerId = id,
        Host = "here",
        Device = "cpu",
        Version = "1.0",
        Timestamp = time,
        Models = [Description],
    };

    public static WorkerBeat Beat(string id, DateTimeOffset time) => new() { WorkerId = id, Timestamp = time, Activity = WorkerActivity.Idle, Attempts = [] };

    /// <summary>Submits a batch that must be accepted.</summary>
    public async Task<BatchResponse> SubmitAsync(BatchRequest request)
    {
        using var answer = await Client.PostAsJsonAsync("/v1/batches", request, FarmJson.Options);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<BatchResponse>(FarmJson.Options))!;
    }

    /// <summary>The JSON at a path that must be there.</summary>
    public async Task<T> GetAsync<T>(string path) =>
        await Client.GetFromJsonAsync<T>(path, FarmJson.Options) ?? throw new InvalidOperationException($"{path} is null");

    /// <summary>One round of the dispatcher, in a scope of its own as in life.</summary>
    public async Task<int> RunRoundAsync()
    {
        await using var round = app.Services.CreateAsyncScope();
        return await round.ServiceProvider.GetRequiredService<DispatchRound>().RunAsync(Token);
    }

    /// <summary>Time passes, in which the host hears whatever there is to hear; then it looks after what nobody else ends.</summary>
    public async Task KeepUpAsync(TimeSpan passes)
    {
        for (var end = Time.GetUtcNow() + passes; Time.GetUtcNow() < end; Time.Advance(TimeSpan.FromSeconds(1)))
        {
            Get<Hearing>().Look();
        }

        await Get<Upkeep>().RunAsync(Token);
    }

    /// <summary>Shuts the host down, as a signal does; without it, disposal is more like a crash.</summary>
    public Task StopAsync() => app.StopAsync(Token);

    public async ValueTask DisposeAsync()
    {
        List<Task> background = [];
        try
        {
            background = [.. app.Services.GetServices<IHostedService>().OfType<BackgroundService>().Select(service => service.ExecuteTask).OfType<Task>()];
        }
        catch (OptionsValidationException)
        {
            // it did not start for a wrong setting, and none of them was made
        }

        await scope.DisposeAsync();
        await app.DisposeAsync();
        // disposal cancels these and does not wait for them: the store's preparation may still make folders
        await Task.WhenAll(background).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Directory.Delete(folder, recursive: true);
    }
}
