using StableDiffusion.Contracts.Models;

namespace StableDiffusion.Worker.Models;

/// <summary>What became of the models that were found.</summary>
/// <param name="Models">Those that can be drawn with.</param>
/// <param name="Faults">Those that were left out.</param>
public sealed record LoadedModels(IReadOnlyList<ModelDescription> Models, IReadOnlyList<ModelFault> Faults)
{
    /// <summary>Names of those for which there was no room.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    /// <summary>Those of the others that were loaded for a moment, so that requests may name them.</summary>
    public IReadOnlyList<ModelDescription> Described { get; init; } = [];
}
