using StableDiffusion.Diffusion.Safetensors;
using TorchSharp;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Adapters;

/// <summary>LoRA files made for a test.</summary>
internal static class LoraFiles
{
    /// <summary>Every scalar's value.</summary>
    public const double Alpha = 3;

    /// <summary>Writes tensors of normal noise, the same for the same sizes whatever the names; scalars are <see cref="Alpha"/>.</summary>
    public static string Write(string path, IEnumerable<(string Key, long[] Shape)> tensors, Dictionary<string, string>? metadata = null)
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(path, tensors.ToDictionary(pair => pair.Key, pair => pair.Shape.Length == 0 ? tensor((float)Alpha) : Noise(pair.Shape)), metadata);
        return path;
    }

    public static Tensor Read(string path, string key)
    {
        using var file = new SafetensorsFile(path);
        return file.Read(key);
    }

    private static Tensor Noise(long[] shape)
    {
        using var generator = new Generator((ulong)shape.Aggregate(17L, (seed, size) => (seed * 31) + size), CPU);
        return randn(shape, generator: generator);
    }
}
