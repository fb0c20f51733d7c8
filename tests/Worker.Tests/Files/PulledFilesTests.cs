using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Worker.Models;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Tests.Files;

public sealed class PulledFilesTests : IDisposable
{
    private static readonly string Goldens = AppContext.BaseDirectory;
    private readonly Shelf shelf = new();
    private readonly string own = Directory.CreateTempSubdirectory("own-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        shelf.Dispose();
        Directory.Delete(own, recursive: true);
    }

    [Fact]
    public async Task Registered_adapters_are_pulled_and_found_with_the_hash_that_requests_name()
    {
        var lora = shelf.Register(FileKind.Lora, "ink", shelf.Part("ink.safetensors", Golden("adapters/lora-kohya.safetensors")));
        var control = shelf.Register(
            FileKind.Controlnet, "canny",
            shelf.Part("canny/config.json", Golden("tiny-controlnet/config.json")), shelf.Part("canny/diffusion_pytorch_model.safetensors", Golden("tiny-controlnet/diffusion_pytorch_model.safetensors")));
        var worker = shelf.Worker();

        await worker.FollowAsync(Cancel);

        var found = await worker.Folders.FindAsync(Cancel);
        Assert.Equal(
            [(AdapterKind.Lora, "ink", lora.Sha256), (AdapterKind.Controlnet, "canny", control.Sha256)],
            found.Select(adapter => (adapter.Description.Kind, adapter.Description.Name, adapter.Description.Hash)));
        Assert.All(found, adapter => Assert.True(adapter.IsAsHashed));

        shelf.Unregister(lora);
        await worker.FollowAsync(Cancel);
        Assert.Equal(["canny"], (await worker.Folders.FindAsync(Cancel)).Select(adapter => adapter.Description.Name));
    }

    [Fact]
    public async Task A_registered_adapter_wins_over_one_of_the_workers_own_and_a_new_content_over_the_old()
    {
        Directory.CreateDirectory(Path.Combine(own, "Lora"));
        await File.WriteAllBytesAsync(Path.Combine(own, "Lora", "ink.safetensors"), Golden("adapters/lora-peft.safetensors"), Cancel);
        shelf.Register(FileKind.Lora, "ink", shelf.Part("ink.safetensors", Golden("adapters/embedding-a1111.safetensors")));
        var worker = shelf.Worker(models: own);
        await worker.FollowAsync(Cancel);
        var anew = shelf.Register(FileKind.Lora, "ink", shelf.Part("ink.safetensors", Golden("adapters/lora-kohya.safetensors")));

        await worker.FollowAsync(Cancel);

        Assert.Equal(anew.Sha256, Assert.Single(await worker.Folders.FindAsync(Cancel)).Description.Hash);
    }

    [Fact]
    public async Task Adapters_for_which_there_is_no_room_are_offered_and_pulled_when_an_image_asks()
    {
        IndexedFile[] loras = [.. Enumerable.Range(0, 3).Select(i => shelf.Register(FileKind.Lora, $"l{i}", shelf.Part($"l{i}.safetensors", [.. Golden("adapters/embedding-a1111.safetensors"), (byte)i])))];
        var size = loras[0].Parts[0].Bytes;
        var files = shelf.Worker(bytes: size * 2).Files;
        await files.ReadAsync(Cancel);
        await files.PullAsync(Cancel);
        Assert.Equal(2, shelf.Reads.Count);
        Assert.Equal(3, files.Adapters.Count);

        using (await files.HoldAsync([(AdapterKind.Lora, loras[2].Sha256)], Cancel))
        {
            Assert.Contains(loras[2].Sha256, shelf.Kept());
            Assert.Equal(2, shelf.Kept().Count);
        }

        await files.PullAsync(Cancel); // drops nothing for what nobody asks for
        Assert.Equal(3, shelf.Reads.Count);
    }

    [Fact]
    public async Task A_checkpoint_is_pulled_when_it_is_asked_for_and_loads_from_there()
    {
        var folder = Path.Combine(Goldens, "tiny-sd15");
        shelf.Register(FileKind.Checkpoint, "tiny", [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => shelf.Part("tiny/" + Path.GetRelativePath(folder, file), File.ReadAllBytes(file)))]);
        var files = shelf.Worker().Files;
        await files.ReadAsync(Cancel);
        await files.PullAsync(Cancel);
        Assert.Empty(shelf.Reads);
        Assert.Equal(["tiny"], files.Checkpoints(Room()).Select(found => found.File.Name));

        using var found = await files.EnsureAsync("tiny", ScalarType.Float32, Cancel);

        using var pulled = StableDiffusionModel.Load(found!.Folder.Path);
        using var direct = StableDiffusionModel.Load(folder);
        Assert.Equal(direct.Hash, pulled.Hash);
    }

    [Fact]
    public async Task A_checkpoint_in_one_file_is_lent_the_vocabulary_of_a_model_of_this_machine()
    {
        shelf.Register(FileKind.Checkpoint, "tiny", [.. Parts("tiny")]);
        var files = shelf.Worker(models: Goldens).Files;
        await files.ReadAsync(Cancel);

        using var found = await files.EnsureAsync("tiny", ScalarType.Float32, Cancel);

        using var model = StableDiffusionModel.Load(found!.Folder.Path);
        Assert.NotNull(model.Tokenizer);

        IEnumerable<FilePart> Parts(string name)
        {
            yield return shelf.Part(name + ".safetensors", Golden("tiny-sd15.safetensors"));
            var folder = Path.Combine(Goldens, "tiny-sd15");
            foreach (var config in Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Where(file => !file.Contains("tokenizer", StringComparison.Ordinal)))
            {
                yield return shelf.Part($"{name}/" + Path.GetRelativePath(folder, config), File.ReadAllBytes(config));
            }
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, "")]
    [InlineData(ScalarType.Float16, ".fp16")]
    public async Task Of_a_folder_that_has_its_weights_several_times_the_variant_that_is_loaded_is_pulled(ScalarType dtype, string variant)
    {
        var folder = Path.Combine(Goldens, "tiny-sd15");
        string[] networks = ["text_encoder/model", "unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model"];
        string[] others = ["v1-5-pruned", "safety_checker/model", "unet/diffusion_pytorch_model.non_ema"];
        shelf.Register(FileKind.Checkpoint, "tiny",
        [
            .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".safetensors", StringComparison.Ordinal))
                .Select(file => shelf.Part("tiny/" + Path.GetRelativePath(folder, file), File.ReadAllBytes(file))),
            .. networks.SelectMany(network => new[] { "", ".fp16" }.Select(which => shelf.Part($"tiny/{network}{which}.safetensors", [.. Golden($"tiny-sd15/{network}.safetensors")]))),
            .. others.Select(other => shelf.Part($"tiny/{other}.safetensors", [1])),
        ]);
        var files = shelf.Worker().Files;
        await files.ReadAsync(Cancel);

        using var found = await files.EnsureAsync("tiny", dtype, Cancel);

        Assert.Equal(
            networks.Select(network => $"models/tiny/{network}{variant}.safetensors"),
            shelf.Reads.Where(key => key.EndsWith(".safetensors", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        using var model = StableDiffusionModel.Load(found!.Folder.Path, ScalarType.Float32);
        Assert.NotNull(model.Tokenizer);
    }

    [Theory]
    [InlineData("none", "", "")]
    [InlineData("adapters", "", "")]
    [InlineData("adapters", "two, three", "two")]
    [InlineData("all", "", "one two")]
    public async Task The_setting_says_which_checkpoints_may_be_pulled(string pull, string checkpoints, string may)
    {
        shelf.Register(FileKind.Checkpoint, "one", shelf.Part("one.safetensors", [1]));
        shelf.Register(FileKind.Checkpoint, "two", shelf.Part("two.safetensors", [2]));
        shelf.Register(FileKind.Checkpoint, "large", shelf.Part("large.safetensors", new byte[2 << 20])); // than the cache
        shelf.Register(FileKind.Lora, "ink", shelf.Part("ink.safetensors", [3]));
        var files = shelf.Worker(pull, checkpoints, bytes: 1 << 20).Files;
        await files.ReadAsync(Cancel);

        Assert.Equal(may, string.Join(' ', files.Checkpoints(Room()).Where(found => found.TooLarge is null).Select(found => found.File.Name)));
        using var one = await files.EnsureAsync("one", ScalarType.Float32, Cancel);
        Assert.Equal(may.Contains("one", StringComparison.Ordinal), one is not null);
        Assert.Equal(pull == "none" ? 0 : 1, files.Adapters.Count);
        Assert.Null(await files.EnsureAsync("unknown", ScalarType.Float32, Cancel));
    }

    [Theory]
    [InlineData(ScalarType.Float32, 39, false, "its weights take 0.0 MiB in float32, and cuda:0 has 0.0 MiB: set Worker:Dtype to bfloat16")]
    [InlineData(ScalarType.Float32, 39, true, "its weights take 0.0 MiB in float32, and cuda:0 has 0.0 MiB: set Worker:Dtype to float16")]
    [InlineData(ScalarType.Float32, 40, true, null)]
    [InlineData(ScalarType.Float16, 19, true, "its weights take 0.0 MiB in float16, and cuda:0 has 0.0 MiB: set Worker:Memory:OffloadModels to true, which keeps them in main memory and each network on the GPU only while it works")]
    [InlineData(ScalarType.Float16, 19, false, "its weights take 0.0 MiB in float16, and cuda:0 has 0.0 MiB: it wants a worker with more memory")]
    [InlineData(ScalarType.Float16, 20, false, null)]
    public async Task A_checkpoint_that_the_device_can_never_hold_is_told_as_such_with_what_to_do(ScalarType dtype, long memory, bool mayOffload, string? fault)
    {
        shelf.Register(FileKind.Checkpoint, "one", shelf.Part("one.safetensors", [1]) with { Parameters = 10 });
        shelf.Register(FileKind.Checkpoint, "old", shelf.Part("old.safetensors", [1])); // whose weights nobody counted
        var files = shelf.Worker().Files;
        await files.ReadAsync(Cancel);

        Assert.Equal([("one", fault), ("old", null)], files.Checkpoints(new ModelRoom(dtype, memory, "cuda:0") { MayOffload = mayOffload }).Select(found => (found.File.Name, found.TooLarge)));
        var cramped = shelf.Worker(bytes: 0).Files;
        await cramped.ReadAsync(Cancel);
        Assert.All(cramped.Checkpoints(Room()), found => Assert.Equal("its files take 0.0 MiB, and this worker's cache holds 0.0 MiB: raise Worker:CacheBytes", found.TooLarge));
    }

    private static ModelRoom Room() => new(ScalarType.Float32, Bytes: null, "main memory");

    private static byte[] Golden(string path) => File.ReadAllBytes(Path.Combine(Goldens, path));
}
