using StableDiffusion.Diffusion.Checkpoints;
using Xunit;

namespace StableDiffusion.Diffusion.Tests.Networks;

/// <summary>
/// `using static TorchSharp.torch.nn` brings TorchSharp's nested types in: a type of ours with such a name is ambiguous there,
/// with TorchSharp alone, since the system's binding has few of them.
/// </summary>
public class TypeNameTests
{
    [Fact]
    public void No_type_has_the_name_of_one_of_TorchSharps()
    {
        var taken = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "torchsharp-api.txt"))
            .Where(line => line.StartsWith("TorchSharp.", StringComparison.Ordinal))
            .Select(line => line.Split('<')[0].Split('.', '+')[^1])
            .ToHashSet();
        Assert.Contains("Activations", taken);

        Assert.DoesNotContain(typeof(StableDiffusionModel).Assembly.GetTypes(), type => taken.Contains(type.Name.Split('`')[0]));
    }
}
