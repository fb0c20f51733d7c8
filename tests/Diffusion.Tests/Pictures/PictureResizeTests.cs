using System.Security.Cryptography;
using StableDiffusion.Diffusion.Pictures;

namespace StableDiffusion.Diffusion.Tests.Pictures;

/// <summary>The hashes are of the bytes that Pillow 9.4 gives for the same pictures.</summary>
public sealed class PictureResizeTests
{
    [Theory]
    [InlineData(13, 9, 3, 20, 17, "6c5070cbedcaaeb0")]
    [InlineData(13, 9, 3, 5, 4, "8a90ca04564c9e0e")]
    [InlineData(40, 30, 1, 8, 64, "c5b123f6216a9627")]
    [InlineData(7, 50, 3, 7, 16, "b3f0ce5efc664aba")]
    [InlineData(3, 2, 3, 64, 64, "90b332ccc2cee093")]
    [InlineData(100, 80, 3, 64, 64, "e43a4ef8845f2ae9")]
    [InlineData(13, 9, 4, 20, 17, "4905e7d35105feba")] // with alpha
    [InlineData(13, 9, 4, 5, 4, "cd36694c47dbc85e")]
    [InlineData(40, 30, 2, 8, 64, "12f40f8456d5325b")]
    [InlineData(7, 50, 4, 7, 16, "2a8d416cbde03b9b")]
    public void Lanczos_is_Pillows_to_the_byte(int width, int height, int channels, int toWidth, int toHeight, string hash) =>
        Assert.Equal(hash, Hash(PictureResize.Lanczos(Pattern(width, height, channels), toWidth, toHeight)));

    [Theory]
    [InlineData(13, 9, 3, 20, 17, "6eff015255e3a5ee")]
    [InlineData(13, 9, 3, 5, 4, "c8e60276b3546b6e")]
    [InlineData(40, 30, 1, 8, 64, "9fb673e8a162809b")]
    [InlineData(7, 50, 3, 7, 16, "6e31dd8f5711cafb")]
    [InlineData(3, 2, 3, 64, 64, "831270932e5d38ed")]
    [InlineData(6, 6, 3, 9, 9, "5840f67daf9be14a")] // centres between two pixels
    [InlineData(2, 2, 3, 7, 7, "a4f6e4417644fa87")]
    [InlineData(2, 2, 1, 31, 31, "ccce4203537ef86a")]
    public void Nearest_is_Pillows_to_the_byte(int width, int height, int channels, int toWidth, int toHeight, string hash) =>
        Assert.Equal(hash, Hash(PictureResize.Nearest(Pattern(width, height, channels), toWidth, toHeight)));

    [Fact]
    public void Single_bits_do_not_mix()
    {
        var bits = new Picture(13, 9, 1, [.. Pattern(13, 9, 1).Pixels.Select(value => (byte)(value > 127 ? 255 : 0))]) { IsIndexed = true };
        Assert.Equal("e69e19e292570742", Hash(PictureResize.Lanczos(bits, 20, 17)));
        var filled = PictureFit.Fill(bits, 20, 30);
        Assert.All(filled.Pixels, value => Assert.True(value is 0 or 255));
    }

    [Fact]
    public void White_shows_through_what_is_transparent() => Assert.Equal("f52dfd8e3e856091", Hash(PictureAlpha.OverWhite(Pattern(13, 9, 4))));

    [Fact]
    public void What_is_opaque_of_a_transparent_picture_is_a_mask() => Assert.Equal("216fba9213fbdf67", Hash(PictureAlpha.AsMask(Pattern(13, 9, 4))));

    [Fact]
    public void A_picture_without_transparency_is_a_mask_by_its_grey_and_shows_no_white()
    {
        var opaque = new Picture(13, 9, 4, [.. Pattern(13, 9, 4).Pixels.Select((value, at) => at % 4 == 3 ? (byte)255 : value)]);
        Assert.Equal(opaque.ToGrey().Pixels, PictureAlpha.AsMask(opaque).Pixels);
        Assert.Equal(opaque.ToRgb().Pixels, PictureAlpha.OverWhite(opaque).Pixels);
    }

    [Theory]
    [InlineData(40, 30, 1, 4, "9c73a90f4f2730aa")]
    [InlineData(40, 30, 3, 1.5, "f3985f4d1df525f5")]
    [InlineData(10, 8, 1, 7, "a3a244033bf19673")]
    [InlineData(64, 64, 3, 0.4, "872ee71c28aed062")]
    [InlineData(9, 70, 1, 20, "fb48d00391ede1ad")]
    public void Blur_is_Pillows_to_the_byte(int width, int height, int channels, double radius, string hash) =>
        Assert.Equal(hash, Hash(PictureBlur.Gaussian(Pattern(width, height, channels), radius)));

    /// <summary>The hashes are those of diffusers' VaeImageProcessor.</summary>
    [Theory]
    [InlineData(40, 30, 64, 64, "c3d9458665a6a944")]
    [InlineData(30, 41, 64, 48, "36c9518e1c815cbd")]
    [InlineData(64, 64, 20, 31, "f57c7c5d5952071e")]
    [InlineData(50, 20, 96, 64, "f2ea9b0023394b2b")]
    public void Cropped_to_another_shape_a_picture_is_diffusers(int width, int height, int toWidth, int toHeight, string hash) =>
        Assert.Equal(hash, Hash(PictureFit.Crop(Pattern(width, height, 3), toWidth, toHeight)));

    [Fact]
    public void Filled_to_another_shape_the_whole_picture_is_in_the_middle()
    {
        var whole = PictureResize.Lanczos(Pattern(40, 30, 3), 64, 48);
        var filled = PictureFit.Fill(Pattern(40, 30, 3), 64, 64);
        Assert.Equal(whole.Pixels, new PictureRegion(0, 8, 64, 56).Of(filled).Pixels);
    }

    [Fact]
    public void A_part_put_back_where_it_was_changes_nothing()
    {
        var picture = Pattern(20, 10, 3);
        var region = new PictureRegion(3, 2, 11, 9);
        Assert.Equal(picture.Pixels, region.Paste(picture, region.Of(picture)).Pixels);
        var grey = region.Paste(picture, new Picture(8, 7, 3, new byte[8 * 7 * 3]));
        Assert.Equal((0, 0), (grey.Pixels[((2 * 20) + 3) * 3], grey.Pixels[(((8 * 20) + 10) * 3) + 2]));
        Assert.Equal(picture.Pixels[((9 * 20) + 11) * 3], grey.Pixels[((9 * 20) + 11) * 3]);
    }

    private static Picture Pattern(int width, int height, int channels)
    {
        var pixels = new byte[width * height * channels];
        for (int at = 0; at < pixels.Length; at++)
        {
            int x = at / channels % width, y = at / channels / width;
            pixels[at] = (byte)((x * 37) + (y * 91) + (at % channels * 53) + (x * y % 17 * 9));
        }

        return new Picture(width, height, channels, pixels);
    }

    private static string Hash(Picture picture) => Convert.ToHexStringLower(SHA256.HashData(picture.Pixels))[..16];
}
