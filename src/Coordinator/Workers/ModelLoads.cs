using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Messages;
using StableDiffusion.Coordinator.Scaling;

namespace StableDiffusion.Coordinator.Workers;

/// <summary>Tells workers to load models that work waits for, see <see cref="ModelPlacement"/>.</summary>
public sealed partial class ModelLoads(
    ScalingSignal signal, WorkerRegister register, WorkerCommands commands, ToldLoads told, TimeProvider time, IOptions<WorkerOptions> options, ILogger<ModelLoads> logger)
{
    /// <summary>Looks once. A worker that was told is left alone for <see cref="WorkerOptions.LoadPause"/>, as is a model: loading takes its time, and what was
    /// loaded shall be of use before it makes room for another. It was when nothing waits for it any more and its worker is idle.</summary>
    public async Task TellAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        told.Forget(now - options.Value.LoadPause);
        var standing = (await register.Taking.Select(worker => new { worker.Id, worker.Models, worker.CanHold, worker.InHand, worker.Loading }).ToListAsync(cancellationToken));
        if (!standing.Exists(worker => !worker.Loading && worker.CanHold.Count > 0))
        {
            return; // most farms, always: no need to count what waits
        }

        var wanted = (await signal.ReadAsync(cancellationToken)).Models.Where(model => model.WaitingImages > 0).ToList();
        foreach (var idle in standing.Where(worker => worker.InHand == 0))
        {
            told.Served(idle.Id, idle.Models.Except(wanted.Select(model => model.Model)));
        }

        var workers = standing.ConvertAll(worker => new PlacedWorker(worker.Id, worker.Models, worker.CanHold, worker.InHand, !worker.Loading && !told.Workers.ContainsKey(worker.Id)));
        var waiting = wanted.Where(model => !told.Models.ContainsKey(model.Model)).Select(model => new WaitingModel(model.Model, model.WaitingGpuSeconds));
        foreach (var (worker, model) in ModelPlacement.Choose(waiting, workers, options.Value.LoadAfter))
        {
            told.Add(worker, model, now);
            LogTold(worker, model);
            await commands.TrySendAsync(worker, new LoadModel { Model = model }, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} is told to load {Model}, which images wait for")]
    private partial void LogTold(string workerId, string model);
}

/// <summary>Who was told lately to load what; the dispatching coordinator's memory.</summary>
public sealed class ToldLoads
{
    private readonly Dictionary<string, DateTimeOffset> workers = [], models = [];
    private readonly Dictionary<string, string> last = []; // what a worker was told last

    /// <summary>When workers were told.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Workers => workers;

    /// <summary>When somebody was told of models.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> Models => models;

    /// <summary>A worker was told.</summary>
    public void Add(string worker, string model, DateTimeOffset now) => (workers[worker], models[model], last[worker]) = (now, now, model);

    /// <summary>These models, which the worker holds, are of no more use for now: if it was told to load one of them, that is over.</summary>
    public void Served(string worker, IEnumerable<string> held)
    {
        if (last.TryGetValue(worker, out var model) && held.Contains(model))
        {
            workers.Remove(worker);
            models.Remove(model);
            last.Remove(worker);
        }
    }

    /// <summary>What was told before a time may be told again.</summary>
    public void Forget(DateTimeOffset before)
    {
        foreach (var (table, key) in new[] { workers, models }.SelectMany(table => table.Where(entry => entry.Value <= before).Select(entry => (table, entry.Key))).ToList())
        {
            table.Remove(key);
            last.Remove(key);
        }
    }
}
