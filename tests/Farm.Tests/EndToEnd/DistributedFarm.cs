using System.Net.Http.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Farm.Client;
using StableDiffusion.Farm.Servers;

namespace StableDiffusion.Farm.Tests.EndToEnd;

/// <summary>A coordinator process and worker processes on real servers, with the settings a deployment gives them.</summary>
internal sealed class DistributedFarm : IDisposable
{
    private readonly string logs = Directory.CreateTempSubdirectory("farm-logs-").FullName;
    private readonly Dictionary<string, string> settings;
    private readonly Dictionary<string, string> workerSettings;
    private readonly List<FarmProcess> workers = [];
    private readonly HttpClient http;
    private FarmProcess? coordinator;

    /// <param name="settings">The coordinator's.</param>
    /// <param name="workerSettings">The workers', where they differ.</param>
    public DistributedFarm(Dictionary<string, string> settings, Dictionary<string, string>? workerSettings = null)
    {
        this.settings = settings;
        this.workerSettings = workerSettings ?? settings;
        Url = new Uri($"http://127.0.0.1:{ServerProcess.FreePort()}");
        http = new HttpClient { BaseAddress = Url };
        Client = new FarmClient(Url);
    }

    public Uri Url { get; }

    public FarmClient Client { get; }

    /// <summary>Where its processes' output goes: "Coordinator-….out", "Worker-….out".</summary>
    public string Logs => logs;

    /// <summary>Starts the coordinator; it is well when this returns.</summary>
    public async Task StartCoordinatorAsync(CancellationToken cancellationToken)
    {
        coordinator = FarmProcess.Start(logs, "Coordinator", new Dictionary<string, string>(settings)
        {
            ["Urls"] = Url.ToString(),
            ["Dispatch__GroupSize"] = "1", // small commands, so that every worker gets some
        });
        await coordinator.WaitAsync(() => Client.IsHealthyAsync(cancellationToken), cancellationToken);
    }

    /// <summary>SIGKILL.</summary>
    public void KillCoordinator() => coordinator!.Dispose();

    /// <summary>Starts workers; they hold the model when this returns.</summary>
    public async Task StartWorkersAsync(int count, CancellationToken cancellationToken)
    {
        for (int i = 0; i < count; i++)
        {
            workers.Add(FarmProcess.Start(logs, "Worker", new Dictionary<string, string>(workerSettings)
            {
                ["Worker__Id"] = $"worker-{i}",
                ["Worker__Models"] = TestModel.Folder,
                ["Worker__Device"] = "cpu",
                ["Worker__Threads"] = "1",
                ["Worker__Prefetch"] = "1",
            }));
        }

        foreach (FarmProcess worker in workers)
        {
            await worker.WaitAsync(async () => (await GetWorkersAsync(cancellationToken)).Count(w => w.Live && w.Models.Contains(TestModel.Name)) == count, cancellationToken);
        }
    }

    /// <summary>Waits until every image of a batch is at its end.</summary>
    public async Task<BatchResponse> WaitForEndAsync(BatchResponse batch, CancellationToken cancellationToken)
    {
        await coordinator!.WaitAsync(async () => (batch = await Client.GetBatchAsync(batch, cancellationToken)).FinishedAt is not null, cancellationToken);
        return batch;
    }

    /// <summary>Waits until some picture of a batch is there.</summary>
    public Task WaitForFirstAsync(BatchResponse batch, CancellationToken cancellationToken) => coordinator!.WaitAsync(
        async () => (await Client.GetBatchAsync(batch, cancellationToken)).Counts.Succeeded > 0, cancellationToken);

    /// <summary>Does a batch again.</summary>
    public async Task<BatchResponse> RerunAsync(BatchResponse batch, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await http.PostAsync(new Uri($"{batch.Url}/rerun", UriKind.Relative), content: null, cancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        return (await response.Content.ReadFromJsonAsync<BatchResponse>(FarmJson.Options, cancellationToken))!;
    }

    public async Task<IReadOnlyList<ImageResponse>> GetImagesAsync(BatchResponse batch, CancellationToken cancellationToken) =>
        [.. (await Client.GetImagesAsync(batch, cancellationToken)).OrderBy(image => image.Index)];

    public void Dispose()
    {
        foreach (FarmProcess process in workers.Append(coordinator).OfType<FarmProcess>())
        {
            process.Dispose();
        }

        Client.Dispose();
        http.Dispose();
        Directory.Delete(logs, recursive: true);
    }

    private async Task<IReadOnlyList<WorkerResponse>> GetWorkersAsync(CancellationToken cancellationToken) =>
        (await http.GetFromJsonAsync<IReadOnlyList<WorkerResponse>>("/v1/workers", FarmJson.Options, cancellationToken))!;
}
