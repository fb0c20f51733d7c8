using System.Collections.Concurrent;
using StableDiffusion.Contracts.Models;

namespace StableDiffusion.Worker.Models;

/// <summary>The models that this worker renders with, none until they are loaded, and those that it could load.</summary>
public sealed class HeldModels
{
    private readonly ConcurrentDictionary<string, ModelDescription> models = new();
    private readonly ConcurrentDictionary<string, ModelDescription> known = new(); // and not held any more
    private readonly ConcurrentDictionary<string, string?> contents = new();
    private readonly ConcurrentDictionary<string, long> lastUsed = new();
    private long uses;
    private volatile IReadOnlyList<string> found = []; // in this worker's folders
    private volatile IReadOnlyList<string> registered = [];
    private readonly Lock faults = new(); // what the farm has registered and what was tried come from two sides
    private volatile IReadOnlyList<ModelFault> lasting = [], passing = [], tooLarge = [];

    /// <summary>Raised with the name of a model that is held with another content than an image wants.</summary>
    public event Action<string> Doubted = _ => { };

    /// <summary>For the coordinator, sorted by name.</summary>
    public IReadOnlyList<ModelDescription> All => [.. models.Values.OrderBy(model => model.Name, StringComparer.Ordinal)];

    /// <summary>Names of models that are not loaded and could be, found here or registered with the farm; sorted.</summary>
    public IReadOnlyList<string> CanHold =>
        [.. found.Union(registered).Except(models.Keys).Except(Faults.Select(fault => fault.Name)).Order(StringComparer.Ordinal)];

    /// <summary>Those of them that were loaded before.</summary>
    public IReadOnlyList<ModelDescription> Described => [.. CanHold.Where(known.ContainsKey).Select(name => known[name])];

    /// <summary>Models that were found and could not be loaded, or are too large.</summary>
    public IReadOnlyList<ModelFault> Faults => [.. lasting, .. passing, .. tooLarge.Where(fault => !models.ContainsKey(fault.Name))];

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

        lock (faults)
        {
            lasting = loaded.Faults;
        }

        found = [.. loaded.Models.Select(model => model.Name).Union(loaded.Others).Except(registered)];
        Loading = false;
    }

    /// <summary>From now on held.</summary>
    /// <param name="model">The model.</param>
    /// <param name="content">SHA-256 of what it is registered as, "" where it is not; null where that is not known.</param>
    public void Add(ModelDescription model, string? content = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Touch(model.Name);
        contents[model.Name] = content;
        models[model.Name] = model;
    }

    /// <summary>No longer held, and could be again.</summary>
    /// <returns>What was held; null where it was not.</returns>
    public ModelDescription? Remove(string name)
    {
        if (models.TryRemove(name, out var model))
        {
            known[name] = model;
        }

        return model;
    }

    /// <summary>No longer held, and what is known of it means nothing any more.</summary>
    public void Forget(string name)
    {
        models.TryRemove(name, out _);
        known.TryRemove(name, out _);
    }

    /// <summary>It cannot be loaded, as it turned out.</summary>
    /// <param name="fault">Why.</param>
    /// <param name="mayPass">Whether it may be another time, when the next <see cref="Offer"/> was made.</param>
    public void Add(ModelFault fault, bool mayPass)
    {
        ArgumentNullException.ThrowIfNull(fault);
        lock (faults)
        {
            passing = mayPass ? [.. passing, fault] : passing;
            lasting = mayPass ? lasting : [.. lasting, fault];
        }
    }

    /// <summary>Whether it is held; then it was used just now.</summary>
    public bool Use(string name)
    {
        Touch(name);
        return models.ContainsKey(name);
    }

    /// <summary>The model, which is used just now; null where it is not held, or not with the content that is asked for.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="content">SHA-256 of what is registered under its name; null: whatever it is.</param>
    public ModelDescription? Use(string name, string? content)
    {
        Touch(name);
        if (!models.TryGetValue(name, out var model))
        {
            return null;
        }

        if (content is null || contents.GetValueOrDefault(name) is not { } own || own == content)
        {
            return model;
        }

        Doubted(name);
        return null;
    }

    /// <summary>These registered checkpoints can be pulled from now on, in place of what could.</summary>
    /// <param name="names">Theirs.</param>
    /// <param name="unfit">Registered ones that this worker can never hold, with the reason.</param>
    /// <param name="anew">Those whose content is another than before: what is known of that, or that it could not be loaded, means nothing any more.</param>
    public void Offer(IReadOnlyList<string> names, IReadOnlyList<ModelFault> unfit, IReadOnlyCollection<string> anew)
    {
        registered = names;
        foreach (var name in anew)
        {
            known.TryRemove(name, out _);
        }

        lock (faults)
        {
            (tooLarge, passing) = (unfit, []);
            lasting = [.. lasting.Where(fault => !anew.Contains(fault.Name))];
        }
    }

    private void Touch(string name) => lastUsed[name] = Interlocked.Increment(ref uses);
}
