using static TorchSharp.torch;

namespace StableDiffusion.Worker.Models;

/// <summary>Where a renderer keeps models' weights.</summary>
/// <param name="Dtype">The type that they get there.</param>
/// <param name="Bytes">All the memory that there is; null where the system does not tell.</param>
/// <param name="Place">In words: "cuda:0", "main memory".</param>
public sealed record ModelRoom(ScalarType Dtype, long? Bytes, string Place)
{
    /// <summary>Whether there is main memory besides, where weights could rest (<see cref="Diffusion.Memory.MemoryOptions.OffloadModels"/>).</summary>
    public bool MayOffload { get; init; }

    /// <summary>Bytes that a weight takes.</summary>
    public int WeightBytes => Dtype == ScalarType.Float32 ? 4 : 2;
}
