using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Diffusion.Tests.Pictures;

public sealed class PngTests
{
    /// <summary>A 1×1 transparent GIF-replacement PNG that the web knows by heart: grey with alpha, made elsewhere.</summary>
    private const string OnePixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void What_is_written_is_read_back(int channels)
    {
        var picture = Noise(37, 23, channels);
        var file = PngReader.Read(PngWriter.Write(picture, new PngText("parameters", "a cat\nSteps: 20"), new PngText("manifest", "Привет 🎨")));
        Assert.Equal((37, 23, channels), (file.Picture.Width, file.Picture.Height, file.Picture.Channels));
        Assert.Equal(picture.Pixels, file.Picture.Pixels);
        Assert.Equal("a cat\nSteps: 20", file.Text("parameters"));
        Assert.Equal("Привет 🎨", file.Text("manifest"));
        Assert.Null(file.Text("absent"));
    }

    [Fact]
    public void The_same_picture_gives_the_same_bytes() =>
        Assert.Equal(PngWriter.Write(Noise(64, 64, 3), new PngText("a", "b")), PngWriter.Write(Noise(64, 64, 3), new PngText("a", "b")));

    [Fact]
    public void Latin_text_is_tEXt_and_other_text_is_iTXt()
    {
        byte[] latin = PngWriter.Write(Noise(1, 1, 3), new PngText("k", "naïve"));
        byte[] other = PngWriter.Write(Noise(1, 1, 3), new PngText("k", "你好"));
        Assert.Contains("tEXtk\0na\u00efve", Encoding.Latin1.GetString(latin), StringComparison.Ordinal);
        Assert.Contains("iTXtk\0\0\0\0\0你好", Encoding.UTF8.GetString(other), StringComparison.Ordinal);
    }

    [Fact]
    public void Checksums_are_the_published_ones() =>
        // the CRC of an empty IEND chunk stands at the end of every PNG there is
        Assert.Equal([0xAE, 0x42, 0x60, 0x82], PngWriter.Write(Noise(1, 1, 1))[^4..]);

    [Fact]
    public void A_picture_made_elsewhere_is_read()
    {
        var picture = PngReader.Read(Convert.FromBase64String(OnePixel)).Picture;
        Assert.Equal((1, 1, 4), (picture.Width, picture.Height, picture.Channels));
    }

    [Theory]
    [InlineData("pipelines/inputs/init.png", 3)]
    [InlineData("pipelines/inputs/mask.png", 1)]
    public void The_reference_inputs_are_read(string path, int channels) =>
        Assert.Equal(channels, PngReader.Read(File.ReadAllBytes(Goldens.Path(path))).Picture.Channels);

    [Fact]
    public void Every_filter_is_undone()
    {
        // 2×5 grey; each row's bytes follow by hand from its filter: none, sub, up, average, Paeth
        byte[] rows = [0, 10, 20, 1, 10, 10, 2, 5, 5, 3, 5, 5, 4, 1, 2];
        Assert.Equal([10, 20, 10, 20, 15, 25, 12, 23, 13, 25], PngReader.Read(Png(2, 5, 8, 0, rows)).Picture.Pixels);
    }

    [Theory]
    [InlineData(1, new byte[] { 0, 0b1010_0000 }, new byte[] { 255, 0, 255 })]
    [InlineData(2, new byte[] { 0, 0b0001_1000 }, new byte[] { 0, 85, 170 })]
    [InlineData(4, new byte[] { 0, 0x0F, 0x80 }, new byte[] { 0, 255, 136 })]
    [InlineData(16, new byte[] { 0, 1, 255, 128, 0, 255, 255 }, new byte[] { 1, 128, 255 })]
    public void Every_depth_becomes_eight_bits(int depth, byte[] rows, byte[] expected) =>
        Assert.Equal(expected, PngReader.Read(Png(3, 1, depth, 0, rows)).Picture.Pixels);

    [Fact]
    public void Single_bits_and_palettes_are_told_from_what_mixes()
    {
        Assert.True(PngReader.Read(Png(3, 1, 1, 0, [0, 0])).Picture.IsIndexed);
        Assert.True(PngReader.Read(Png(1, 1, 8, 3, [0, 0], ("PLTE", [1, 2, 3]))).Picture.IsIndexed);
        Assert.False(PngReader.Read(Png(3, 1, 2, 0, [0, 0])).Picture.IsIndexed);
    }

    [Fact]
    public void A_palette_with_transparency_becomes_RGBA()
    {
        byte[] file = Png(2, 1, 8, 3, [0, 1, 0], ("PLTE", [1, 2, 3, 4, 5, 6]), ("tRNS", [7]));
        Assert.Equal([4, 5, 6, 255, 1, 2, 3, 7], PngReader.Read(file).Picture.Pixels);
    }

    [Fact]
    public void Every_cut_of_a_file_is_an_error()
    {
        byte[] file = PngWriter.Write(Noise(5, 5, 3), new PngText("k", "v"));
        for (int length = 0; length < file.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => PngReader.Read(file.AsMemory(0, length)));
        }
    }

    [Fact]
    public void Every_changed_byte_is_an_error()
    {
        byte[] file = PngWriter.Write(Noise(5, 5, 3), new PngText("k", "v"));
        for (int at = 0; at < file.Length; at++)
        {
            byte[] changed = [.. file];
            changed[at] ^= 0x10;
            Assert.Throws<InvalidDataException>(() => PngReader.Read(changed));
        }
    }

    [Fact]
    public void A_huge_claim_is_refused_before_memory_is_taken()
    {
        byte[] file = Png(2_000_000_000, 2_000_000_000, 8, 2, [0]);
        Assert.Contains("too large", Assert.Throws<InvalidDataException>(() => PngReader.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pixels_that_end_early_are_an_error() =>
        Assert.Contains("row 1 of 2", Assert.Throws<InvalidDataException>(() => PngReader.Read(Png(2, 2, 8, 0, [0, 1, 2]))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData(" padded ")]
    [InlineData("ключ")]
    public void A_keyword_that_PNG_cannot_hold_is_refused(string keyword) =>
        Assert.Throws<ArgumentException>(() => PngWriter.Write(Noise(1, 1, 3), new PngText(keyword, "v")));

    [Theory]
    [InlineData("zTXt", false)]
    [InlineData("iTXt", true)]
    public void Compressed_text_is_read(string type, bool international)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write("Steps: 20"u8);
        }

        byte[] head = international ? [(byte)'k', 0, 1, 0, (byte)'d', (byte)'e', 0, 0] : [(byte)'k', 0, 0];
        byte[] file = Png(1, 1, 8, 0, [0, 9], (type, [.. head, .. packed.ToArray()]));
        Assert.Equal("Steps: 20", PngReader.Read(file).Text("k"));
        Assert.Throws<InvalidDataException>(() => PngReader.Read(Png(1, 1, 8, 0, [0, 9], (type, [.. head, 1, 2, 3]))));
        Assert.Throws<InvalidDataException>(() => PngReader.Read(Png(1, 1, 8, 0, [0, 9], (type, [(byte)'k']))));
    }

    private static Picture Noise(int width, int height, int channels)
    {
        var pixels = new byte[width * height * channels];
        for (int i = 0; i < pixels.Length; i++)
        {
            pixels[i] = (byte)((i * i * 31) + (i >> 3));
        }

        return new Picture(width, height, channels, pixels);
    }

    private static byte[] Png(int width, int height, int depth, int colour, byte[] rows, params (string Type, byte[] Data)[] before)
    {
        using var file = new MemoryStream();
        file.Write(PngChunk.Signature);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)depth, (byte)colour);
        PngChunk.Write(file, "IHDR", header);
        foreach (var (type, data) in before)
        {
            PngChunk.Write(file, type, data);
        }

        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        PngChunk.Write(file, "IDAT", packed.ToArray());
        PngChunk.Write(file, "IEND", []);
        return file.ToArray();
    }
}
