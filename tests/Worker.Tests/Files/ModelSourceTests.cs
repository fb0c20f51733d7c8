using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Files;
using StableDiffusion.Contracts.Settings;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Worker.Files;
using StableDiffusion.Worker.Models;
using StableDiffusion.Worker.Tests.Fakes;
using static TorchSharp.torch;

namespace StableDiffusion.Worker.Tests.Files;

public sealed class ModelSourceTests : IDisposable
{
    private readonly RendererBench bench = new();
    private readonly string own = Directory.CreateTempSubdirectory("own-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        bench.Dispose();
        Directory.Delete(own, recursive: true);
    }

    [Fact]
    public async Task A_registered_checkpoint_and_lora_draw_the_same_picture_as_files_of_the_workers_own()
    {
        using var local = bench.Renderer(RendererBench.TinyModel);
        await local.LoadAsync(Cancel);
        var ink = await bench.HoldLoraAsync("ink", "adapters/lora-kohya.safetensors", 0.8);
        var settings = RendererBench.Settings(64) with { Loras = [ink] };
        var expected = await RendererBench.Draw(local, settings);
        bench.Adapters.Replace([]);
        Register("tiny-sd15");
        bench.Shelf.Register(FileKind.Lora, "ink", bench.Shelf.Part("ink.safetensors", await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "adapters/lora-kohya.safetensors"), Cancel)));
        using var pulling = bench.Renderer(own);
        Assert.Empty((await pulling.LoadAsync(Cancel)).Models);

        await pulling.LoadAsync("tiny-sd15", Cancel);
        var drawn = await RendererBench.Draw(pulling, settings);

        Assert.Equal(expected[0].Pixels, drawn[0].Pixels);
        Assert.Equal(ink.Hash, Assert.Single(bench.Adapters.All).Hash); // pulled when the image asked
    }

    [Fact]
    public async Task A_model_of_the_workers_own_with_the_registered_content_is_not_pulled()
    {
        Register("tiny-sd15");
        var worker = bench.Shelf.Worker(models: RendererBench.TinyModel);
        await worker.FollowAsync(Cancel);

        Assert.Equal(RendererBench.TinyModel, (await worker.Models.FindAsync("tiny-sd15", ScalarType.Float32, Cancel)).Folder.Path);
        Assert.Empty(bench.Shelf.Reads);
    }

    [Theory]
    [InlineData("unet/config.json")]
    [InlineData("vae/diffusion_pytorch_model.fp16.safetensors")] // weights that nobody registered
    public async Task A_model_of_the_workers_own_with_another_content_is_passed_over_and_where_nothing_may_be_pulled_a_fault(string differs)
    {
        Register("mine");
        Shelf.Copy(RendererBench.TinyModel, Path.Combine(own, "mine"));
        await File.AppendAllTextAsync(Path.Combine(own, "mine", differs), " ", Cancel);
        var pulling = bench.Shelf.Worker(models: own);
        var forbidden = bench.Shelf.Worker(pull: "adapters", models: own);
        await pulling.FollowAsync(Cancel);
        await forbidden.FollowAsync(Cancel);

        Assert.StartsWith(bench.Shelf.Folder, (await pulling.Models.FindAsync("mine", ScalarType.Float32, Cancel)).Folder.Path, StringComparison.Ordinal);
        var fault = await Assert.ThrowsAsync<ModelMissingException>(() => forbidden.Models.FindAsync("mine", ScalarType.Float32, Cancel));
        Assert.Contains("give it another name", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Checkpoints_that_the_setting_names_are_loaded_at_start_and_what_is_nowhere_is_told_how_to_mend()
    {
        Register("mine");
        var worker = bench.Shelf.Worker(pull: "adapters", checkpoints: "mine, other", models: RendererBench.TinyModel);
        await worker.FollowAsync(Cancel);

        Assert.Equal(["tiny-sd15", "mine", "other"], worker.Models.AtStart);
        Assert.True(Directory.Exists((await worker.Models.FindAsync("mine", ScalarType.Float32, Cancel)).Folder.Path));
        var fault = await Assert.ThrowsAsync<ModelMissingException>(() => worker.Models.FindAsync("other", ScalarType.Float32, Cancel));
        Assert.Contains("upload it with PUT /v1/files/checkpoint/other/content", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_checkpoints_take_turns_in_a_cache_that_holds_one()
    {
        var (one, two) = (bench.Shelf.Part("one.safetensors", new byte[600]), bench.Shelf.Part("two.safetensors", [.. Enumerable.Repeat((byte)1, 600)]));
        bench.Shelf.Register(FileKind.Checkpoint, "one", one);
        bench.Shelf.Register(FileKind.Checkpoint, "two", two);
        var worker = bench.Shelf.Worker(models: own, bytes: 1000);
        await worker.FollowAsync(Cancel);

        foreach (var part in new[] { one, two, one, two })
        {
            using var found = await worker.Models.FindAsync(part.Path[..3], ScalarType.Float32, Cancel);
            Assert.True(File.Exists(found.Folder.Path));
            Assert.Equal([part.Sha256], bench.Shelf.Kept());
        }
    }

    [Fact]
    public async Task What_was_found_is_outdated_when_another_content_is_registered_or_none()
    {
        Shelf.Copy(RendererBench.TinyModel, Path.Combine(own, "mine"));
        Register("tiny-sd15");
        var worker = bench.Shelf.Worker(models: own);
        await worker.FollowAsync(Cancel);
        (await worker.Models.FindAsync("tiny-sd15", ScalarType.Float32, Cancel)).Dispose();
        (await worker.Models.FindAsync("mine", ScalarType.Float32, Cancel)).Dispose();
        Assert.False(worker.Models.IsOutdated("tiny-sd15"));
        Assert.False(worker.Models.IsOutdated("mine"));

        var registered = bench.Shelf.Register(FileKind.Checkpoint, "tiny-sd15", bench.Shelf.Part("tiny-sd15.safetensors", [1]));
        Register("mine");
        Assert.True(await worker.Models.IsOutdatedAsync("tiny-sd15", Cancel));
        Assert.True(await worker.Models.IsOutdatedAsync("mine", Cancel)); // to be compared
        (await worker.Models.FindAsync("tiny-sd15", ScalarType.Float32, Cancel)).Dispose();
        Assert.False(worker.Models.IsOutdated("tiny-sd15"));
        bench.Shelf.Unregister(registered);
        Assert.True(await worker.Models.IsOutdatedAsync("tiny-sd15", Cancel));
    }

    [Fact]
    public async Task A_model_of_the_workers_own_is_weighed_by_the_heads_of_its_files()
    {
        using var model = StableDiffusionModel.Load(RendererBench.TinyModel);
        var worker = bench.Shelf.Worker(models: RendererBench.TinyModel);
        await worker.FollowAsync(Cancel);

        // but for whole numbers, such as positions, which lie in some files
        Assert.Contains("its weights take", Lack(ScalarType.Float32, model.WeightBytes - 1), StringComparison.Ordinal);
        Assert.Null(Lack(ScalarType.Float32, model.WeightBytes * 11 / 10));
        Assert.Null(Lack(ScalarType.BFloat16, model.WeightBytes * 11 / 20));
        Assert.Null(Lack(ScalarType.Float32, free: null));
        Assert.Null(worker.Models.LackFor("other", new ModelRoom(ScalarType.Float32, null, "main memory"), 1));

        string? Lack(ScalarType dtype, long? free) => worker.Models.LackFor("tiny-sd15", new ModelRoom(dtype, null, "main memory"), free);
    }

    private void Register(string name) => bench.Shelf.RegisterFolder(name, RendererBench.TinyModel);
}
