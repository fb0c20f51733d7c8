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

    [Fact]
    public void A_file_with_any_byte_changed_is_refused()
    {
        var whole = Png.Bytes(8, 8);
        Assert.Null(PngCheck.FaultOf(whole, MaxPixels, out _, out _));
        Assert.All(Enumerable.Range(0, whole.Length), at =>
        {
            byte[] changed = [.. whole];
            changed[at] ^= 0x10;
            Assert.NotNull(PngCheck.FaultOf(changed, MaxPixels, out _, out _));
        });
    }

    [Fact]
    public void Pixels_that_a_worker_could_not_read_are_refused_with_the_reason()
    {
        AssertFault("end in row 63 of 64", Png.Bytes(packed: Png.Packed(Png.Rows(64, 63))));
        AssertFault("end in row 63 of 64", Png.Bytes(packed: Png.Packed([.. Png.Rows(64, 64)[..^1]])));
        AssertFault("no filter 5", Png.Bytes(packed: Png.Packed(Png.Rows(64, 64, filter: 5))));
        AssertFault("cannot be unpacked", Png.Bytes(packed: [1, 2, 3, 4]));
        AssertFault("palette is missing", Png.Bytes(colour: 3));
    }

    [Theory]
    [InlineData(1, 0, 8 + 1)]
    [InlineData(16, 6, (64 * 8) + 1)]
    [InlineData(8, 4, (64 * 2) + 1)]
    public void Rows_are_as_long_as_their_pixels_bits(byte depth, byte colour, int row)
    {
        Assert.Null(PngCheck.FaultOf(Png.Bytes(depth: depth, colour: colour, packed: Png.Packed(new byte[64 * row])), MaxPixels, out _, out _));
        AssertFault("end in row", Png.Bytes(depth: depth, colour: colour, packed: Png.Packed(new byte[(64 * row) - 1])));
    }

    [Fact]
    public void Checksums_are_the_standards() => Assert.Equal(0xAE426082, PngChecksum.Of("IEND"u8)); // every PNG's last bytes

    private static void AssertFault(string reason, byte[] file) =>
        Assert.Contains(reason, PngCheck.FaultOf(file, MaxPixels, out _, out _), StringComparison.Ordinal);
}
