using StableDiffusion.Coordinator.Inputs;
using StableDiffusion.Coordinator.Tests.Hosting;

namespace StableDiffusion.Coordinator.Tests.Inputs;

public sealed class PngCheckTests
{
    private const int MaxPixels = 64 * 64;

    [Fact]
    public void A_whole_PNG_tells_its_size()
    {
        Assert.Null(PngCheck.FaultOf(Png.Bytes(64, 32), MaxPixels, out var width, out var height));
        Assert.Equal((64, 32), (width, height));
    }

    [Fact]
    public void What_cannot_be_a_picture_is_refused_with_the_reason()
    {
        AssertFault("no PNG", [0xFF, 0xD8, 0xFF, 0xE0]);
        AssertFault("header", [.. Png.Bytes().Take(20)]);
        AssertFault("0×64 pixels", Png.Bytes(0, 64));
        AssertFault("65×64 pixels: give one of 1 to 4096", Png.Bytes(65, 64));
        AssertFault("2147483647×2147483647 pixels", Png.Bytes(int.MaxValue, int.MaxValue));
        AssertFault("colour type 2 with 4 bits", Png.Bytes(depth: 4));
        AssertFault("interlaced", Png.Bytes(interlace: 1));
    }

    [Fact]
    public void A_file_cut_anywhere_is_refused()
    {
        var whole = Png.Bytes();
        Assert.All(Enumerable.Range(0, whole.Length), length => Assert.NotNull(PngCheck.FaultOf(whole.AsSpan(0, length), MaxPixels, out _, out _)));
    }

    private static void AssertFault(string reason, byte[] file) =>
        Assert.Contains(reason, PngCheck.FaultOf(file, MaxPixels, out _, out _), StringComparison.Ordinal);
}
