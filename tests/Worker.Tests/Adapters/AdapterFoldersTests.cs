using System.Security.Cryptography;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Worker.Adapters;

namespace StableDiffusion.Worker.Tests.Adapters;

public sealed class AdapterFoldersTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("models-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Files_lie_where_A1111_keeps_them_and_are_known_by_name_and_content()
    {
        Make("Lora/ink.safetensors", "Lora/styles/oil.safetensors", "Lora/pickle.pt", "lora-notes/x.safetensors", "VAE/mse.safetensors", "embeddings/bad-hands.safetensors");
        Make("ControlNet/canny/config.json", "ControlNet/canny/diffusion_pytorch_model.safetensors", "sd15/model_index.json", "sd15/vae/diffusion_pytorch_model.safetensors");

        var found = AdapterFolders.Find([root, Path.Combine(root, "sd15")], Cancel);

        Assert.Equal(
            [(AdapterKind.Lora, "ink"), (AdapterKind.Lora, "oil"), (AdapterKind.Embedding, "bad-hands"), (AdapterKind.Vae, "mse"), (AdapterKind.Controlnet, "canny")],
            found.Select(adapter => (adapter.Description.Kind, adapter.Description.Name)));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData("Lora/ink.safetensors"u8)), found[0].Description.Hash);
        Assert.Equal(Path.Combine(root, "ControlNet/canny"), found[4].Path);
        Assert.Equal(5, found.Select(adapter => adapter.Description.Hash).Distinct().Count());
    }

    [Fact]
    public void What_is_not_held_with_that_content_is_told_by_name()
    {
        Make("Lora/ink.safetensors");
        var held = new HeldAdapters();
        held.Replace(AdapterFolders.Find([root], Cancel));
        Assert.Equal(Path.Combine(root, "Lora/ink.safetensors"), held.PathOf(AdapterKind.Lora, "ink", held.All[0].Hash));
        var error = Assert.Throws<AdapterMissingException>(() => held.PathOf(AdapterKind.Lora, "ink", "0123"));
        Assert.Contains("lora \"ink\" with the hash 0123", error.Message, StringComparison.Ordinal);
    }

    private void Make(params string[] files)
    {
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, file))!);
            File.WriteAllText(Path.Combine(root, file), file);
        }
    }
}
