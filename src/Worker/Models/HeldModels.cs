using System.Collections.Concurrent;
using StableDiffusion.Contracts.Models;

namespace StableDiffusion.Worker.Models;

/// <summary>The models that this worker renders with, none until they are loaded, and those that it could load.</summary>
public sealed class HeldModels
{
    private readonly ConcurrentDictionary<string, ModelDescription> models = new();
    private readonly ConcurrentDictionary<string, ModelDescription> known = new(); // and not held any more
    private readonly ConcurrentDictionary<string, long> lastUsed = new();
    private long uses;
    private volatile IReadOnlyList<string> found = []; // in this worker's folders, and not loaded at start
    private volatile IReadOnlyList<string> registered = [];

    /// <summary>For the coordinator, sorted by name.</summary>
    public IReadOnlyList<ModelDescription> All => [.. models.Values.OrderBy(model => model.Name, StringComparer.Ordinal)];

    /// <summary>Names of models that are not loaded and could be, found here or registered with the farm; sorted.</summary>
    public IReadOnlyList<string> CanHold =>
        [.. found.Union(registered).Except(models.Keys).Except(Faults.Select(fault => fault.Name)).Order(StringComparer.Ordinal)];

    /// <summary>Those of them that were loaded before.</summary>
    public IReadOnlyList<ModelDescription> Described => [.. CanHold.Where(known.ContainsKey).Select(name => known[name])];

    /// <summary>Models that were found and could not be loaded.</summary>
    public IReadOnlyList<ModelFault> Faults { get; private set; } = [];

    /// <summary>True until all that was found was tried.</summary>
    public bool Loading { get; private set; } = true;

    /// <summary>Names of those that are held, the one that was used longest ago first.</summary>
    public IReadOnlyList<string> ByUse => [.. models.Keys.OrderBy(name => lastUsed.GetValueOrDefault(name)).ThenBy(name => name, StringComparer.Ordinal)];

    /// <summary>The worker's start is over.</summary>
    public void Complete(LoadedModels loaded)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        foreach (var model in loaded.Described)
        {
            known[model.Name] = model;
        }

        Faults = loaded.Faults;
        found = loaded.Others;
        Loading = false;
    }

    /// <summary>From now on held.</summary>
    public void Add(ModelDescription model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Use(model.Name);
        models[model.Name] = model;
    }

    /// <summary>No longer held, and could be again.</summary>
    /// <returns>What was held.</returns>
    public ModelDescription Remove(string name)
    {
        var model = Get(name);
        known[name] = model;
        models.TryRemove(name, out _);
        found = [.. found.Append(name)];
        return model;
    }

    /// <summary>It cannot be loaded, as it turned out.</summary>
    public void Add(ModelFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        Faults = [.. Faults, fault];
    }

    /// <summary>Whether it is held; then it was used just now.</summary>
    public bool Use(string name)
    {
        lastUsed[name] = Interlocked.Increment(ref uses);
        return models.ContainsKey(name);
    }

    /// <summary>The model of that name.</summary>
    /// <exception cref="ArgumentException">It is not held here.</exception>
    public ModelDescription Get(string name) =>
        models.TryGetValue(name, out var model) ? model : throw new ArgumentException($"This worker holds no model \"{name}\".", nameof(name));

    /// <summary>These registered checkpoints can be pulled from now on, in place of what could.</summary>
    /// <param name="names">Theirs.</param>
    /// <param name="anew">Those whose content is another than before: that one could not be loaded means nothing any more.</param>
    public void Offer(IReadOnlyList<string> names, IReadOnlyCollection<string> anew)
    {
        registered = names;
        Faults = [.. Faults.Where(fault => !anew.Contains(fault.Name))];
    }
}
