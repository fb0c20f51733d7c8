using StableDiffusion.Worker.Models;

namespace StableDiffusion.Worker.Tests.Models;

public sealed class ModelHashTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("model-").FullName;

    public ModelHashTests()
    {
        Directory.CreateDirectory(Path.Combine(folder, "unet"));
        File.WriteAllText(Path.Combine(folder, "model_index.json"), "{}");
        File.WriteAllText(Path.Combine(folder, "unet/weights.safetensors"), "weights");
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Is_what_sha256sum_of_its_own_sorted_list_says() =>
        // sha256sum model_index.json unet/weights.safetensors | sha256sum
        Assert.Equal("763bdb48890563f844cd742fb1f854a366700fcee7b7ba7e0840b2d4d8e3d5e5", Hash());

    [Fact]
    public void Changes_with_a_weight_and_with_a_files_name()
    {
        var before = Hash();
        File.WriteAllText(Path.Combine(folder, "unet/weights.safetensors"), "weightz");
        var changed = Hash();
        File.Move(Path.Combine(folder, "unet/weights.safetensors"), Path.Combine(folder, "unet/other.safetensors"));

        Assert.Equal(3, new[] { before, changed, Hash() }.Distinct().Count());
    }

    [Fact]
    public void Stays_when_a_readme_comes()
    {
        var before = Hash();
        File.WriteAllText(Path.Combine(folder, "README.md"), "hello");

        Assert.Equal(before, Hash());
    }

    private string Hash() => ModelHash.Compute(folder, TestContext.Current.CancellationToken);
}
