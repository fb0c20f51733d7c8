using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Farm.Client;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Storage;
using StableDiffusion.Storage.Hosting;

namespace StableDiffusion.Farm.Trials;

/// <summary>
/// A farm as it is deployed, to be tried or measured: coordinators and workers are processes on real servers. Only the renderer is
/// not the real one, see <see cref="FreeRenderer"/>. All of them end when it is disposed; the servers stay.
/// </summary>
internal sealed class TrialFarm : IAsyncDisposable
{
    private readonly string folder;
    private readonly NpgsqlDataSource database;
    private readonly ServiceProvider services;
    private readonly List<TrialProcess> ended = [];
    private int started;

    private TrialFarm(FarmServers servers, string folder, Dictionary<string, string> settings)
    {
        this.folder = folder;
        (Servers, Settings) = (servers, settings);
        database = NpgsqlDataSource.Create(settings["ConnectionStrings__Farm"]);
        var host = Host.CreateEmptyApplicationBuilder(settings: null);
        host.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), (string?)setting.Value)));
        host.AddObjectStore();
        services = host.Services.BuildServiceProvider();
    }

    /// <summary>What it runs on.</summary>
    public FarmServers Servers { get; }

    /// <summary>What all its processes are told.</summary>
    public Dictionary<string, string> Settings { get; }

    /// <summary>Those that live, by address.</summary>
    public Dictionary<TrialProcess, FarmClient> Coordinators { get; } = [];

    /// <summary>Those that live.</summary>
    public List<TrialProcess> Workers { get; } = [];

    /// <summary>The farm's database.</summary>
    public NpgsqlDataSource Database => database;

    /// <summary>Where its pictures are.</summary>
    public IObjectStore Objects => services.GetRequiredService<IObjectStore>();

    /// <summary>Name of its virtual host at the broker.</summary>
    public string VirtualHost => new Uri(Settings["RabbitMq__Uri"]).AbsolutePath[1..];

    /// <summary>Places where no file may stay behind.</summary>
    public IEnumerable<string> TemporaryFolders => ended.Concat(Coordinators.Keys).Concat(Workers).Select(process => process.Temporary)
        .Append(Path.Combine(Settings["Objects__Folder"], "temporary"));

    /// <summary>A farm of its own on the servers, with no process yet.</summary>
    /// <param name="servers">What it runs on.</param>
    /// <param name="folder">For logs, temporary files and, without an S3 server, pictures; the caller deletes it.</param>
    /// <param name="tuning">Settings for all its processes.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task<TrialFarm> CreateAsync(
        FarmServers servers, string folder, IReadOnlyDictionary<string, string> tuning, CancellationToken cancellationToken)
    {
        var settings = await servers.CreateFarmAsync(Path.Combine(folder, "objects"), cancellationToken);
        settings["Logging__LogLevel__Default"] = "Information";
        settings["Worker__Models"] = Directory.CreateDirectory(Path.Combine(folder, "models")).FullName;
        foreach (var (name, value) in tuning)
        {
            settings[name] = value;
        }

        return new TrialFarm(servers, folder, settings);
    }

    /// <summary>Starts one more coordinator; it is well when this returns.</summary>
    public async Task<TrialProcess> StartCoordinatorAsync(CancellationToken cancellationToken)
    {
        var url = new Uri($"http://127.0.0.1:{ServerProcess.FreePort()}");
        var client = new FarmClient(url);
        var coordinator = new TrialProcess($"coordinator-{++started}", folder, new Dictionary<string, string>(Settings) { ["Urls"] = url.ToString() }, "Coordinator");
        Coordinators.Add(coordinator, client);
        await coordinator.WaitAsync(() => client.IsHealthyAsync(cancellationToken), cancellationToken);
        return coordinator;
    }

    /// <summary>Starts one more worker; it is not yet there when this returns, see <see cref="WaitForWorkersAsync"/>.</summary>
    /// <param name="delay">How long an image takes it.</param>
    public TrialProcess StartWorker(TimeSpan delay)
    {
        var name = $"worker-{++started}";
        var worker = new TrialProcess(
            name, folder, new Dictionary<string, string>(Settings) { ["Worker__Id"] = name, [FreeWorker.Delay.Replace(":", "__", StringComparison.Ordinal)] = $"{delay}" },
            "Farm", Commands.FreeWorkerCommand.Name);
        Workers.Add(worker);
        return worker;
    }

    /// <summary>Waits until the coordinators know the workers that live, and no others.</summary>
    public Task WaitForWorkersAsync(CancellationToken cancellationToken) => Workers[^1].WaitAsync(
        async () => (await Coordinators.Values.First().GetWorkersAsync(cancellationToken)).Where(worker => worker is { Live: true, Models.Count: > 0 }).Select(worker => worker.Id).ToHashSet()
            .IsSupersetOf(Workers.Select(worker => worker.Name)),
        cancellationToken);

    /// <summary>Kills a process (SIGKILL); it is no longer among those that live.</summary>
    public void Kill(TrialProcess process)
    {
        process.Dispose();
        Forget(process);
    }

    /// <summary>Ends a process as a host does (SIGTERM).</summary>
    public async Task StopAsync(TrialProcess process, CancellationToken cancellationToken)
    {
        await process.StopAsync(cancellationToken);
        Kill(process);
    }

    /// <summary>Submits to any coordinator.</summary>
    public Task<BatchResponse> SubmitAsync(BatchRequest request, CancellationToken cancellationToken) =>
        Coordinators.Values.First().SubmitAsync(request with { Model = FreeRenderer.Model }, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in Workers.Concat(Coordinators.Keys).ToList())
        {
            Kill(process);
        }

        await services.DisposeAsync();
        await database.DisposeAsync();
    }

    private void Forget(TrialProcess process)
    {
        ended.Add(process);
        Workers.Remove(process);
        if (Coordinators.Remove(process, out var client))
        {
            client.Dispose();
        }
    }
}
