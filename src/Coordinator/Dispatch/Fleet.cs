using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>What workers can soon take, by model; read anew a few times a second, so that a thousand workers cost little.</summary>
public sealed class Fleet(IServiceScopeFactory scopes, TimeProvider time, IOptions<DispatchOptions> options)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(250);
    private Dictionary<string, Demand> demands = [];
    private Dictionary<string, string> checkpoints = [];
    private readonly Dictionary<(string Model, string Needs), IReadOnlyList<Target>> targets = [];
    private HashSet<(string Model, string Needs)> unserved = [];
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
            checkpoints = await scope.ServiceProvider.GetRequiredService<FarmDb>().Files.Where(file => file.Kind == FileKind.Checkpoint && file.State == FileState.Ready && file.Sha256 != null)
                .ToDictionaryAsync(file => file.Name, file => file.Sha256!, cancellationToken);
            targets.Clear();
            unserved = [];
            readAt = now;
        }

        return demands;
    }

    /// <summary>SHA-256 of the checkpoint that was registered under a model's name when workers were read; null where none was.</summary>
    public string? CheckpointOf(string model) => checkpoints.GetValueOrDefault(model);

    /// <summary>Models with adapters that no worker holds together, as far as <see cref="LookForAsync"/> was asked since workers were read.</summary>
    public IReadOnlyCollection<(string Model, string Needs)> Unserved => unserved;

    /// <summary>Finds out who of those that hold a model and take work holds the adapters that a lane needs beside it.</summary>
    /// <returns>Those workers, where some do and others do not; none, where it is all or nobody (see <see cref="Unserved"/>).</returns>
    public async Task<IReadOnlyList<Target>> LookForAsync(string model, string needs, CancellationToken cancellationToken)
    {
        if (needs == "[]" || unserved.Contains((model, needs)))
        {
            return [];
        }

        if (!targets.TryGetValue((model, needs), out var found))
        {
            await using var scope = scopes.CreateAsyncScope();
            var hashes = JsonSerializer.Deserialize<List<string>>(needs)!;
            found = await scope.ServiceProvider.GetRequiredService<WorkerRegister>().Taking
                .Where(worker => worker.Models.Contains(model) && hashes.All(hash => worker.AdapterHashes.Contains(hash)))
                .OrderBy(worker => worker.Id).Select(worker => new Target(worker.Id, worker.GroupSize)).ToListAsync(cancellationToken);
            if (found.Count == 0)
            {
                unserved.Add((model, needs));
            }

            targets[(model, needs)] = found = found.Count < demands[model].Workers ? found : [];
        }

        return found;
    }

    // A group that waits while one is drawn and one is made ready; for workers that draw faster than a round goes around, more.
    private int Window(int groupSize, double? throughput) => Math.Max(groupSize, (int)Math.Min((throughput ?? 0) * options.Value.Horizon.TotalSeconds, 10_000));
}

/// <summary>What the workers of a model can take.</summary>
/// <param name="Workers">How many hold it and take work.</param>
/// <param name="GroupSize">Most images in one command.</param>
/// <param name="Window">Images that may be published and not claimed.</param>
public sealed record Demand(int Workers, int GroupSize, int Window);

/// <summary>A worker that holds what others lack.</summary>
/// <param name="Id">The worker.</param>
/// <param name="GroupSize">Most images it takes in one command, and that may be published for it alone and not claimed.</param>
public sealed record Target(string Id, int GroupSize);
