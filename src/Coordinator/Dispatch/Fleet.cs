using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Workers;
using StableDiffusion.Coordinator.Workers;

namespace StableDiffusion.Coordinator.Dispatch;

/// <summary>What workers can soon take, by model; read anew a few times a second, so that a thousand workers cost little.</summary>
public sealed class Fleet(IServiceScopeFactory scopes, TimeProvider time, IOptions<DispatchOptions> options)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMilliseconds(250);
    private IReadOnlyDictionary<string, Demand> demands = new Dictionary<string, Demand>();
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
            var workers = await scope.ServiceProvider.GetRequiredService<WorkerRegister>().Live
                .Where(worker => !worker.Drained && worker.SetAside == null && worker.Activity != WorkerActivity.Draining && worker.Activity != WorkerActivity.Paused)
                .Select(worker => new { worker.Models, worker.GroupSize, worker.Throughput }).ToListAsync(cancellationToken);
            demands = workers
                .SelectMany(worker => worker.Models.Distinct().Select(model => (model, worker.GroupSize, Window: Window(worker.GroupSize, worker.Throughput))))
                .GroupBy(holder => holder.model)
                .ToDictionary(holders => holders.Key, holders => new Demand(holders.Count(), holders.Max(holder => holder.GroupSize), holders.Sum(holder => holder.Window)));
            readAt = now;
        }

        return demands;
    }

    // A group that waits while one is drawn and one is made ready; for workers that draw faster than a round goes around, more.
    private int Window(int groupSize, double? throughput) => Math.Max(groupSize, (int)Math.Min((throughput ?? 0) * options.Value.Horizon.TotalSeconds, 10_000));
}

/// <summary>What the workers of a model can take.</summary>
/// <param name="Workers">How many hold it and take work.</param>
/// <param name="GroupSize">Most images in one command.</param>
/// <param name="Window">Images that may be published and not claimed.</param>
public sealed record Demand(int Workers, int GroupSize, int Window);
