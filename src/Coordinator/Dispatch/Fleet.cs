using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>What workers can soon take, by model; read anew a few times a second, so that a thousand workers cost little.</summary>
public sealed class Fleet(IServiceScopeFactory scopes, TimeProvider time, IOptions<DispatchOptions> options)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(250);
    private IReadOnlyDictionary<string, Demand> demands = new Dictionary<string, Demand>();
    private HashSet<(string Model, string Needs)> served = [], unserved = [];
    private DateTimeOffset readAt = DateTimeOffset.MinValue;

    /// <summary>Something about workers changed: the next look reads anew.</summary>
    public void Changed() => readAt = DateTimeOffset.MinValue;

    /// <summary>By model, those that a worker holds which takes work.</summary>
    public async Task<IReadOnlyDictionary<string, Demand>> DemandsAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - readAt >= Fresh || readAt > now)
        {
            await using var scope = scopes.CreateAsyncScope();
            var workers = await scope.ServiceProvider.GetRequiredService<WorkerRegister>().Taking
                .Select(worker => new { worker.Models, worker.GroupSize, worker.Throughput }).ToListAsync(cancellationToken);
            demands = workers
                .SelectMany(worker => worker.Models.Distinct().Select(model => (model, worker.GroupSize, Window: Window(worker.GroupSize, worker.Throughput))))
                .GroupBy(holder => holder.model)
                .ToDictionary(holders => holders.Key, holders => new Demand(holders.Count(), holders.Max(holder => holder.GroupSize), holders.Sum(holder => holder.Window)));
            (served, unserved) = ([], []);
            readAt = now;
        }

        return demands;
    }

    /// <summary>Models with adapters that no worker holds together, as far as <see cref="LookForAsync"/> was asked since workers were read.</summary>
    public IReadOnlyCollection<(string Model, string Needs)> Unserved => unserved;

    /// <summary>Finds out whether a worker that takes work holds a model and the adapters that a lane needs beside it.</summary>
    public async Task LookForAsync(string model, string needs, CancellationToken cancellationToken)
    {
        if (needs == "[]" || served.Contains((model, needs)) || unserved.Contains((model, needs)))
        {
            return;
        }

        await using var scope = scopes.CreateAsyncScope();
        var hashes = JsonSerializer.Deserialize<List<string>>(needs)!;
        var found = await scope.ServiceProvider.GetRequiredService<WorkerRegister>().Taking
            .AnyAsync(worker => worker.Models.Contains(model) && hashes.All(hash => worker.AdapterHashes.Contains(hash)), cancellationToken);
        (found ? served : unserved).Add((model, needs));
    }

    // A group that waits while one is drawn and one is made ready; for workers that draw faster than a round goes around, more.
    private int Window(int groupSize, double? throughput) => Math.Max(groupSize, (int)Math.Min((throughput ?? 0) * options.Value.Horizon.TotalSeconds, 10_000));
}

/// <summary>What the workers of a model can take.</summary>
/// <param name="Workers">How many hold it and take work.</param>
/// <param name="GroupSize">Most images in one command.</param>
/// <param name="Window">Images that may be published and not claimed.</param>
public sealed record Demand(int Workers, int GroupSize, int Window);
