using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Farm.Client;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Farm.Trials;

namespace StableDiffusion.Farm.Bench.Farms;

/// <summary>A coordinator in a process of its own, and workers in this one, so that it can be seen when a renderer starts.</summary>
internal sealed class MeasuredFarm : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private readonly TrialFarm farm;
    private readonly TrialProcess coordinator;
    private readonly List<IHost> workers = [];
    private readonly ConcurrentDictionary<long, long> starts = [];
    private int rendered;

    private MeasuredFarm(TrialFarm farm, TrialProcess coordinator) => (this.farm, this.coordinator) = (farm, coordinator);

    /// <summary>Settings and database.</summary>
    public TrialFarm Farm => farm;

    /// <summary>The coordinator's API.</summary>
    public FarmClient Client => farm.Coordinators[coordinator];

    /// <summary>The coordinator's process.</summary>
    public ProcessCosts Coordinator => new(coordinator.Id);

    /// <summary>A new farm on the servers with a warm coordinator, and no worker yet.</summary>
    public static async Task<MeasuredFarm> StartAsync(FarmServers servers, FarmBenchSettings settings, CancellationToken cancellationToken)
    {
        var own = Directory.CreateDirectory(Path.Combine(settings.Folder, Path.GetRandomFileName())).FullName;
        var tuning = new Dictionary<string, string> { ["Logging__LogLevel__Default"] = "Warning", ["Worker__GroupSize"] = $"{settings.GroupSize}" };
        var farm = await TrialFarm.CreateAsync(servers, own, tuning, cancellationToken);
        return new MeasuredFarm(farm, await farm.StartCoordinatorAsync(cancellationToken));
    }

    /// <summary>Starts workers; the coordinator knows their model when this returns.</summary>
    public async Task StartWorkersAsync(int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++)
        {
            var worker = FreeWorker.Build(new Dictionary<string, string>(farm.Settings) { ["Worker__Id"] = $"worker-{i}" }, settings =>
            {
                Interlocked.Increment(ref rendered);
                starts.TryAdd(settings.Seed, Stopwatch.GetTimestamp());
            });
            workers.Add(worker);
            await worker.StartAsync(cancellationToken);
        }

        while ((await Client.GetWorkersAsync(cancellationToken)).Count(worker => worker.Live && worker.Models.Contains(FreeRenderer.Model)) < count)
        {
            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <summary>Lets the coordinator know the model by a worker that leaves again.</summary>
    public async Task LearnModelAsync(CancellationToken cancellationToken)
    {
        await StartWorkersAsync(1, cancellationToken);
        await StopWorkersAsync();
    }

    /// <summary>Ends the workers; they hand back what they have.</summary>
    public async Task StopWorkersAsync()
    {
        await Task.WhenAll(workers.Select(worker => worker.StopAsync(CancellationToken.None)));
        workers.ForEach(worker => worker.Dispose());
        workers.Clear();
    }

    /// <summary>Submits images of one prompt.</summary>
    public Task<BatchResponse> SubmitAsync(int images, long seed, CancellationToken cancellationToken) => Client.SubmitAsync(
        new BatchRequest { Model = FreeRenderer.Model, Prompt = "a picture that costs nothing", Seed = seed, NIter = images, Steps = 20 }, cancellationToken);

    /// <summary>Waits until the rendering of the image with that seed has started, and tells when.</summary>
    public async Task<long> StartOfAsync(long seed, CancellationToken cancellationToken)
    {
        long start;
        while (!starts.TryGetValue(seed, out start))
        {
            await Task.Delay(Pause, cancellationToken);
        }

        return start;
    }

    /// <summary>Waits until the rendering of so many more images has started.</summary>
    public async Task WaitForRenderedAsync(int more, CancellationToken cancellationToken)
    {
        for (var all = rendered + more; rendered < all; await Task.Delay(Pause, cancellationToken))
        {
        }
    }

    /// <summary>Waits until at most so many batches are open.</summary>
    public async Task WaitForOpenBatchesAsync(int atMost, CancellationToken cancellationToken)
    {
        await using var command = farm.Database.CreateCommand("SELECT count(*)::int FROM batches WHERE finished_at IS NULL");
        while ((int)(await command.ExecuteScalarAsync(cancellationToken))! > atMost)
        {
            await Task.Delay(Pause, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopWorkersAsync();
        await farm.DisposeAsync();
    }
}
