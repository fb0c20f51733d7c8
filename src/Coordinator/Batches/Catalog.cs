using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Models;

namespace StableDiffusion.Coordinator.Batches;

/// <summary>What a request may name.</summary>
/// <param name="Models">Models that the farm knows.</param>
/// <param name="Faults">Models that could not be loaded, where the request names a model that is not among the others.</param>
/// <param name="Adapters">LoRAs, embeddings, VAEs and ControlNets that the farm knows.</param>
public sealed record Catalog(IReadOnlyList<ModelResponse> Models, IReadOnlyList<ModelFault> Faults, IReadOnlyList<AdapterDescription> Adapters)
{
    /// <summary>The adapter of that kind and name; null when nobody ever held it.</summary>
    public AdapterDescription? Find(AdapterKind kind, string name) => Adapters.FirstOrDefault(adapter => adapter.Kind == kind && adapter.Name == name);

    /// <summary>Names of a kind, for a sentence.</summary>
    public string Known(AdapterKind kind) =>
        string.Join(", ", Adapters.Where(adapter => adapter.Kind == kind).Select(adapter => adapter.Name)) is { Length: > 0 } names ? $"known: {names}" : "none is known";
}
