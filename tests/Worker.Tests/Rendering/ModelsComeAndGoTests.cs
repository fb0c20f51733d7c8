using StableDiffusion.Worker.Tests.Fakes;
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

        await renderer.DropAsync("tiny-sd15", Cancel);
        await Assert.ThrowsAsync<ArgumentException>(() => Draw(renderer, Settings(first.DefaultSize)));
        var second = await renderer.LoadAsync("tiny-sd15", Cancel);

        Assert.Equal(loaded.Described[0], first);
        Assert.Equal(first, second);
        Assert.Equal(plain.Pixels, Assert.Single(await Draw(renderer, Settings(first.DefaultSize))).Pixels);
    }
}
