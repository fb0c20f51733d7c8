using StableDiffusion.Diffusion.Pictures;
using Xunit;

namespace StableDiffusion.Diffusion.Tests.Pictures;

/// <summary>The expected bytes are those of diffusers' VaeImageProcessor with Pillow, resize_mode "fill".</summary>
public sealed class PictureFitTests
{
    [Fact]
    public void Fill_goes_on_above_and_below_as_the_bicubic_filter_does()
    {
        var filled = PictureFit.Fill(new Picture(3, 2, 1, [10, 90, 200, 250, 40, 30]), 3, 6);

        Assert.Equal<byte>([0, 96, 221, 0, 96, 221, 10, 90, 200, 250, 40, 30, 255, 34, 9, 255, 34, 9], filled.Pixels);
    }

    [Fact]
    public void Fill_goes_on_to_both_sides_as_the_bicubic_filter_does()
    {
        var filled = PictureFit.Fill(new Picture(2, 3, 1, [10, 250, 90, 40, 200, 30]), 6, 3);

        Assert.Equal<byte>([0, 0, 10, 250, 255, 255, 96, 96, 90, 40, 34, 34, 221, 221, 200, 30, 9, 9], filled.Pixels);
    }

    [Fact]
    public void A_single_line_is_repeated()
    {
        var filled = PictureFit.Fill(new Picture(3, 1, 1, [10, 90, 200]), 3, 3);

        Assert.Equal<byte>([10, 90, 200, 10, 90, 200, 10, 90, 200], filled.Pixels);
    }
}
