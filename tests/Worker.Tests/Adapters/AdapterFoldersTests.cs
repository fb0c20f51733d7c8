using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Worker.Adapters;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Tests.Adapters;

public sealed class AdapterFoldersTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("models-").FullName;
    private readonly AdapterFolders folders;

    public AdapterFoldersTests() => folders = Folders(root);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task Files_lie_where_A1111_keeps_them_and_are_known_by_name_and_content()
    {
        Make("Lora/ink.safetensors", "Lora/styles/oil.safetensors", "Lora/pickle.pt", "lora-notes/x.safetensors", "VAE/mse.safetensors", "embeddings/bad-hands.safetensors");
        Make("ControlNet/canny/config.json", "ControlNet/canny/diffusion_pytorch_model.safetensors", "sd15/model_index.json", "sd15/vae/diffusion_pytorch_model.safetensors");

        var found = await Folders($"{root}:{Path.Combine(root, "sd15")}").FindAsync(Cancel);

        Assert.Equal(
            [(AdapterKind.Lora, "ink"), (AdapterKind.Lora, "oil"), (AdapterKind.Embedding, "bad-hands"), (AdapterKind.Vae, "mse"), (AdapterKind.Controlnet, "canny")],
            found.Select(adapter => (adapter.Description.Kind, adapter.Description.Name)));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Safetensors("Lora/ink.safetensors"))), found[0].Description.Hash);
        Assert.Equal(Path.Combine(root, "ControlNet/canny"), found[4].Path);
        Assert.Equal(5, found.Select(adapter => adapter.Description.Hash).Distinct().Count());
    }

    [Fact]
    public async Task Files_that_training_scripts_name_alike_are_called_as_their_folders()
    {
        Make("Lora/ink/adapter_model.safetensors", "Lora/ink/adapter_config.json", "Lora/oil/pytorch_lora_weights.safetensors");

        var found = await folders.FindAsync(Cancel);

        Assert.Equal(["ink", "oil"], found.Select(adapter => adapter.Description.Name));
        Assert.Equal(Path.Combine(root, "Lora/ink/adapter_model.safetensors"), found[0].Path);
    }

    [Theory]
    [InlineData("Lora/ink/adapter_model.safetensors", "Lora/ink/adapter_config.json")]
    [InlineData("VAE/mse.safetensors", "VAE/config.json")]
    [InlineData("ControlNet/canny/diffusion_pytorch_model.safetensors", "ControlNet/canny/config.json")]
    public async Task What_is_read_with_a_file_is_part_of_its_hash(string weights, string config)
    {
        Make(weights, config);
        var before = Assert.Single(await folders.FindAsync(Cancel));

        await File.WriteAllTextAsync(Path.Combine(root, config), "{\"scaling_factor\": 0.5}", Cancel);

        Assert.NotEqual(before.Description.Hash, Assert.Single(await folders.FindAsync(Cancel)).Description.Hash);
    }

    [Fact]
    public async Task New_changed_and_removed_files_are_noticed_and_the_others_are_not_read_again()
    {
        Make("Lora/ink.safetensors", "Lora/oil.safetensors", "Lora/pen.safetensors");
        var before = await folders.FindAsync(Cancel);

        File.Delete(Path.Combine(root, "Lora/oil.safetensors"));
        File.WriteAllBytes(Path.Combine(root, "Lora/pen.safetensors"), Safetensors("another content"));
        Make("Lora/wax.safetensors");
        var after = await folders.FindAsync(Cancel);

        Assert.Equal(["ink", "pen", "wax"], after.Select(adapter => adapter.Description.Name));
        Assert.Same(before[0], after[0]);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Safetensors("another content"))), after[1].Description.Hash);
    }

    [Fact]
    public async Task A_file_that_is_still_being_copied_is_left_out_until_it_is_whole()
    {
        Make("Lora/ink.safetensors");
        var file = Path.Combine(root, "Lora/ink.safetensors");
        var whole = await File.ReadAllBytesAsync(file, Cancel);
        foreach (var length in new[] { 0, 5, whole.Length - 1 })
        {
            await File.WriteAllBytesAsync(file, whole[..length], Cancel);
            Assert.Empty(await folders.FindAsync(Cancel));
        }

        await File.WriteAllBytesAsync(file, whole, Cancel);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(whole)), Assert.Single(await folders.FindAsync(Cancel)).Description.Hash);
    }

    [Fact]
    public async Task A_folder_without_its_weights_is_left_out_and_a_namesake_in_the_next_folder_stands_for_it()
    {
        Make("first/ControlNet/canny/config.json", "second/ControlNet/canny.safetensors");

        var found = Assert.Single(await Folders($"{root}/first:{root}/second").FindAsync(Cancel));

        Assert.Equal(Path.Combine(root, "second/ControlNet/canny.safetensors"), found.Path);
    }

    [Fact]
    public async Task Links_are_followed_to_what_they_lead_to_and_not_in_circles()
    {
        Make("elsewhere/ink.safetensors");
        Directory.CreateDirectory(Path.Combine(root, "Lora"));
        File.CreateSymbolicLink(Path.Combine(root, "Lora/ink.safetensors"), Path.Combine(root, "elsewhere/ink.safetensors"));
        Directory.CreateSymbolicLink(Path.Combine(root, "Lora/again"), Path.Combine(root, "Lora"));
        var before = Assert.Single(await folders.FindAsync(Cancel));

        File.WriteAllBytes(Path.Combine(root, "elsewhere/ink.safetensors"), Safetensors("another content"));

        Assert.False(before.IsAsHashed);
        Assert.NotEqual(before.Description.Hash, Assert.Single(await folders.FindAsync(Cancel)).Description.Hash);
    }

    [Fact]
    public async Task What_is_not_held_with_that_content_is_told_by_name()
    {
        Make("Lora/ink.safetensors");
        var held = new HeldAdapters();
        held.Replace(await folders.FindAsync(Cancel));
        Assert.Equal(Path.Combine(root, "Lora/ink.safetensors"), held.Get(AdapterKind.Lora, "ink", held.All[0].Hash).Path);
        var error = Assert.Throws<AdapterMissingException>(() => held.Get(AdapterKind.Lora, "ink", "0123"));
        Assert.Contains("lora \"ink\" with the hash 0123", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_was_written_over_is_not_taken_for_what_it_was()
    {
        Make("Lora/ink.safetensors");
        var held = new HeldAdapters();
        held.Replace(await folders.FindAsync(Cancel));

        File.WriteAllBytes(Path.Combine(root, "Lora/ink.safetensors"), Safetensors("another content"));

        Assert.Throws<AdapterMissingException>(() => held.Get(AdapterKind.Lora, "ink", held.All[0].Hash));
    }

    private static AdapterFolders Folders(string models) => new(Options.Create(new WorkerOptions { Models = models }), NullLogger<AdapterFolders>.Instance);

    private void Make(params string[] files)
    {
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(root, file))!);
            File.WriteAllBytes(Path.Combine(root, file), file.EndsWith(".safetensors", StringComparison.Ordinal) ? Safetensors(file) : Encoding.UTF8.GetBytes("{}"));
        }
    }

    /// <summary>A whole file without tensors.</summary>
    private static byte[] Safetensors(string note)
    {
        var json = Encoding.UTF8.GetBytes($"{{\"__metadata__\":{{\"note\":\"{note}\"}}}}");
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json];
    }
}
