using StableDiffusion.Worker.Tests.Fakes;
using StableDiffusion.Worker.Tests.Files;
using static StableDiffusion.Worker.Tests.Fakes.RendererBench;

namespace StableDiffusion.Worker.Tests.Rendering;

public sealed class ModelsComeAndGoTests : IDisposable
{
    private readonly RendererBench bench = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task Model_that_was_dropped_and_loaded_again_draws_the_same_and_keeps_no_lora()
    {
        var ink = await bench.HoldLoraAsync("ink", "adapters/lora-kohya.safetensors", weight: 1);
        Directory.CreateSymbolicLink(Path.Combine(bench.Root, "other"), TinyModel);
        using var renderer = bench.Renderer($"{TinyModel}{Path.PathSeparator}{bench.Root}", maxModels: 1);

        var loaded = await renderer.LoadAsync(Cancel);
        Assert.Equal("other", Assert.Single(loaded.Models).Name);
        Assert.Equal(["tiny-sd15"], loaded.Others);
        Assert.Equal(loaded.Others, loaded.Described.Select(model => model.Name));

        var first = await renderer.LoadAsync("tiny-sd15", Cancel);
        var plain = Assert.Single(await Draw(renderer, Settings(first.DefaultSize)));
        var inked = Assert.Single(await Draw(renderer, Settings(first.DefaultSize) with { Loras = [ink] }));
        Assert.NotEqual(plain.Pixels, inked.Pixels);

        await renderer.DropAsync("tiny-sd15", wanted: null, Cancel);
        await Assert.ThrowsAsync<ArgumentException>(() => Draw(renderer, Settings(first.DefaultSize)));
        var second = await renderer.LoadAsync("tiny-sd15", Cancel);

        Assert.Equal(loaded.Described[0], first);
        Assert.Equal(first, second);
        Assert.Equal(plain.Pixels, Assert.Single(await Draw(renderer, Settings(first.DefaultSize))).Pixels);
    }

    [Theory]
    [InlineData(true, null, true)]
    [InlineData(true, 0, false)] // switched off
    [InlineData(false, null, false)] // a CPU
    public async Task Model_that_was_dropped_from_a_device_with_memory_of_its_own_is_not_read_again(bool ownMemory, int? modelMemory, bool rests)
    {
        Shelf.Copy(TinyModel, Path.Combine(bench.Root, "mine"));
        using var renderer = bench.Renderer(bench.Root, modelMemory: modelMemory, like: device => device with { HasOwnMemory = ownMemory });
        var loaded = Assert.Single((await renderer.LoadAsync(Cancel)).Models);
        var settings = Settings(loaded.DefaultSize) with { Model = "mine", Loras = [await bench.HoldLoraAsync("ink", "adapters/lora-kohya.safetensors", weight: 1)] };
        var drawn = await Draw(renderer, settings);
        await renderer.DropAsync("mine", wanted: null, Cancel);
        Directory.Delete(Path.Combine(bench.Root, "mine"), recursive: true);
        await Assert.ThrowsAsync<ArgumentException>(() => Draw(renderer, settings));

        if (rests)
        {
            Assert.Equal(loaded, await renderer.LoadAsync("mine", Cancel));
            Assert.Equal(drawn[0].Pixels, (await Draw(renderer, settings))[0].Pixels);
            Assert.NotEqual(drawn[0].Pixels, (await Draw(renderer, settings with { Loras = [] }))[0].Pixels);
        }
        else
        {
            await Assert.ThrowsAnyAsync<Exception>(() => renderer.LoadAsync("mine", Cancel));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Checkpoint_that_was_replaced_is_read_anew_when_it_was_dropped_before_or_after(bool before)
    {
        bench.Shelf.RegisterFolder("mine", TinyModel);
        using var renderer = bench.Renderer(bench.Root, like: device => device with { HasOwnMemory = true });
        var old = await renderer.LoadAsync("mine", Cancel);
        await renderer.DropAsync("mine", wanted: null, Cancel);
        Assert.Equal(old, await renderer.LoadAsync("mine", Cancel));
        if (before)
        {
            await renderer.DropAsync("mine", wanted: null, Cancel);
        }

        bench.Shelf.RegisterFolder("mine", TinyModel, bytes => [.. bytes, (byte)' ']);
        await bench.FollowAsync();
        if (!before)
        {
            await renderer.DropAsync("mine", wanted: null, Cancel);
        }

        Assert.NotEqual(old.Hash, (await renderer.LoadAsync("mine", Cancel)).Hash);
    }

    [Fact]
    public async Task At_the_start_no_more_is_loaded_than_main_memory_has_room_for()
    {
        Directory.CreateSymbolicLink(Path.Combine(bench.Root, "one"), TinyModel);
        Directory.CreateSymbolicLink(Path.Combine(bench.Root, "two"), TinyModel);
        var asked = 0;
        using var renderer = bench.Renderer(bench.Root, like: device => device with { FreeMainMemory = () => asked++ == 0 ? 1L << 30 : 1000 });

        var loaded = await renderer.LoadAsync(Cancel);

        Assert.Equal("one", Assert.Single(loaded.Models).Name);
        Assert.Equal(["two"], loaded.Others);
        Assert.Empty(loaded.Faults);
        Assert.Contains(bench.Log, line => line.Contains("of main memory are free just now", StringComparison.Ordinal));
    }
}
