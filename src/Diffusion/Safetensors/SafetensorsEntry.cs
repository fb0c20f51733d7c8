using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Safetensors;

/// <summary>One tensor of a safetensors file: what it is and where its bytes lie in the data section.</summary>
/// <param name="Name">Its key.</param>
/// <param name="DType">Its element type.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">One past its last byte.</param>
public sealed record SafetensorsEntry(string Name, ScalarType DType, IReadOnlyList<long> Shape, long Begin, long End);
