using System.Collections.Concurrent;
using StableDiffusion.Contracts.Models;

namespace StableDiffusion.Worker.Models;

/// <summary>The models that this worker renders with; none until they are loaded.</summary>
public sealed class HeldModels
{
    private readonly ConcurrentDictionary<string, ModelDescription> models = new();

    /// <summary>For the heartbeat, sorted by name.</summary>
    public IReadOnlyList<ModelDescription> All => [.. models.Values.OrderBy(model => model.Name, StringComparer.Ordinal)];

    /// <summary>Names of models that were found and are not loaded, and could be.</summary>
    public IReadOnlyList<string> CanHold { get; private set; } = [];

    /// <summary>Models that were found and could not be loaded.</summary>
    public IReadOnlyList<ModelFault> Faults { get; private set; } = [];

    /// <summary>True until all that was found was tried.</summary>
    public bool Loading { get; private set; } = true;

    /// <summary>Nothing more will be loaded.</summary>
    public void Complete(IReadOnlyList<ModelFault> faults)
    {
        Faults = faults;
        Loading = false;
    }

    /// <summary>From now on held.</summary>
    public void Add(ModelDescription model)
    {
        ArgumentNullException.ThrowIfNull(model);
        models[model.Name] = model;
    }

    /// <summary>The model of that name.</summary>
    /// <exception cref="ArgumentException">It is not held here.</exception>
    public ModelDescription Get(string name) =>
        models.TryGetValue(name, out var model) ? model : throw new ArgumentException($"This worker holds no model \"{name}\".", nameof(name));
}
