using StableDiffusion.Diffusion.Safetensors;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace StableDiffusion.Diffusion.Tests.Checkpoints;

/// <summary>Weights files of tests: read whole, changed, written.</summary>
internal static class WeightsOnDisk
{
    public static Dictionary<string, Tensor> ReadAll(string path)
    {
        using var file = new SafetensorsFile(path);
        return file.Tensors.Keys.ToDictionary(name => name, name => file.Read(name));
    }

    /// <summary>Writes a changed copy, or changes the file itself.</summary>
    public static void Rewrite(string path, Action<Dictionary<string, Tensor>> change, string? to = null)
    {
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> tensors = ReadAll(path);
        change(tensors);
        SafetensorsWriter.Write(to ?? path, tensors);
    }

    /// <summary>Whether two networks have the same weights, bit for bit.</summary>
    public static void AssertSame(Module expected, Module actual) => Assert.All(
        expected.named_parameters().Zip(actual.named_parameters()),
        pair => Assert.True(pair.First.parameter.equal(pair.Second.parameter).all().item<bool>(), pair.First.name));
}
