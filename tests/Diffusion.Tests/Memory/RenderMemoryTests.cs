using System.Runtime.InteropServices;
using StableDiffusion.Diffusion.Checkpoints;
using StableDiffusion.Diffusion.Memory;
using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;
using StableDiffusion.Diffusion.Prompts;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Memory;

[Collection(nameof(ProcessPeak))]
public sealed class RenderMemoryTests : IDisposable
{
    // 10¹⁷ bytes of latents: beyond what a process can address, so no system promises them
    private const int Absurd = 640_000_000;

    private readonly StableDiffusionModel model = StableDiffusionModel.Load(Goldens.Path("models/tiny-sd15"));

    public void Dispose() => model.Dispose();

    [Fact]
    public void Too_large_a_picture_is_told_with_its_sizes_and_the_next_one_is_drawn()
    {
        byte[] before = Draw(Request(64, 64)).Pixels;
        long live = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var error = Assert.Throws<DeviceOutOfMemoryException>(() => Draw(Request(Absurd, Absurd)));
        Assert.Contains($"Drawing a picture of {Absurd}×{Absurd} needs more memory than cpu has", error.Message, StringComparison.Ordinal);
        Assert.Contains("are free", error.Message, StringComparison.Ordinal);
        Assert.True(error.BytesAsked > 1L << 50, error.Message);
        Assert.Equal(live, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal(before, Draw(Request(64, 64)).Pixels);
    }

    [Fact]
    public void The_pictures_of_a_call_are_told_too()
    {
        var error = Assert.Throws<DeviceOutOfMemoryException>(() => Draw(Request(Absurd, Absurd) with { BatchClass = 8 }));
        Assert.Contains("Drawing 8 pictures at once of", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 20.00 GiB (GPU 0; 79.11 GiB total capacity; 1.20 GiB free)", 20L << 30)]
    [InlineData("CUDA out of memory. Tried to allocate 1.50 MiB. GPU 0 has a total capacity of 139.72 GiB", 3L << 19)]
    [InlineData("[enforce fail at alloc_cpu.cpp:66] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 4000000000 bytes. Error code 12", 4_000_000_000L)]
    [InlineData("cuDNN error: CUDNN_STATUS_ALLOC_FAILED", null)]
    public void The_words_of_libtorch_and_of_its_libraries_are_understood(string words, long? asked)
    {
        var native = new NativeError(words);
        Assert.True(DeviceOutOfMemoryException.Is(native));
        Assert.Equal(asked, new DeviceOutOfMemoryException("This", CPU, native).BytesAsked);
    }

    [Fact]
    public void Other_errors_are_left_alone() =>
        Assert.False(DeviceOutOfMemoryException.Is(new NativeError("The size of tensor a (3) must match the size of tensor b (4)")));

    [Fact]
    public void A_picture_tells_the_most_that_was_in_use_while_it_was_drawn_and_no_other()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && ProcessMemory.ResetPeak(), "This system does not tell a process's peak.");
        using var before = Single(Request(64, 64));
        using var hungry = Assert.Single(new StableDiffusionPipeline(model).Generate(
            Request(64, 64), _ => ProcessMemoryTests.TakeAndGiveBack(), TestContext.Current.CancellationToken));
        using var after = Single(Request(64, 64));
        Assert.True(hungry.PeakMemory > before.PeakMemory + (ProcessMemoryTests.Block / 2), $"{before.PeakMemory}, {hungry.PeakMemory}");
        Assert.True(after.PeakMemory < hungry.PeakMemory - (ProcessMemoryTests.Block / 2), $"{hungry.PeakMemory}, {after.PeakMemory}");
    }

    [Theory]
    [InlineData(1, null, 1u)]
    [InlineData(0, "2", 2u)]
    [InlineData(1, "3, 1", 1u)]
    [InlineData(2, "3,1", null)]
    [InlineData(0, "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", null)]
    public void A_GPU_is_found_among_those_that_CUDA_leaves_out(int index, string? visible, uint? expected) =>
        Assert.Equal(expected, DeviceMemory.NvmlIndex(index, visible));

    [Fact]
    public void Tiles_begin_above_the_set_area_and_nowhere_else()
    {
        byte[] whole = Pixels(new MemoryOptions());
        Assert.Equal(whole, Pixels(new MemoryOptions { VaeTilingAbove = 128 * 96, VaeTileSize = 64 }));
        Assert.NotEqual(whole, Pixels(new MemoryOptions { VaeTilingAbove = (128 * 96) - 1, VaeTileSize = 64 }));

        byte[] Pixels(MemoryOptions memory)
        {
            using var image = Assert.Single(new StableDiffusionPipeline(model, memory).Generate(Request(128, 96), cancellationToken: TestContext.Current.CancellationToken));
            return image.Picture.Pixels;
        }
    }

    /// <summary>As the binding throws them.</summary>
    private sealed class NativeError(string words) : ExternalException(words);

    private static GenerationRequest Request(int width, int height) => new()
    {
        Images = [new ImagePrompt("a lighthouse", null, 42)],
        Width = width,
        Height = height,
        NumInferenceSteps = 1,
        Scheduler = "DDIMScheduler",
    };

    private Picture Draw(GenerationRequest request)
    {
        using var image = Single(request);
        return image.Picture;
    }

    private GeneratedImage Single(GenerationRequest request) => Assert.Single(new StableDiffusionPipeline(model).Generate(request));
}
