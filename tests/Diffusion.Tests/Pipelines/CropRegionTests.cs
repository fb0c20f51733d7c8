using StableDiffusion.Diffusion.Pictures;
using StableDiffusion.Diffusion.Pipelines;

namespace StableDiffusion.Diffusion.Tests.Pipelines;

public sealed class CropRegionTests
{
    /// <summary>The regions are those of diffusers' get_crop_region.</summary>
    [Theory]
    [InlineData(100, 80, 10, 20, 30, 25, 64, 64, 0, 10, 13, 30, 33)]
    [InlineData(100, 80, 10, 20, 30, 25, 64, 64, 32, 0, 0, 62, 62)]
    [InlineData(100, 80, 60, 5, 70, 75, 64, 64, 4, 22, 1, 100, 79)]
    [InlineData(100, 80, 0, 0, 100, 3, 64, 64, 0, 0, 0, 100, 80)]
    [InlineData(100, 80, 95, 75, 100, 80, 96, 64, 3, 88, 72, 100, 80)]
    public void It_is_the_masked_area_widened_to_the_drawn_shape(
        int width, int height, int left, int top, int right, int bottom, int drawnWidth, int drawnHeight, int padding, int x1, int y1, int x2, int y2)
    {
        var mask = new Picture(width, height, 1, new byte[width * height]);
        for (int y = top; y < bottom; y++)
        {
            mask.Pixels.AsSpan((y * width) + left, right - left).Fill(255);
        }

        Assert.Equal(new PictureRegion(x1, y1, x2, y2), CropRegion.Of(mask, drawnWidth, drawnHeight, padding));
    }

    [Fact]
    public void A_black_mask_is_refused() => Assert.StartsWith(
        "mask_image:", Assert.Throws<ArgumentException>(() => CropRegion.Of(new Picture(8, 8, 1, new byte[64]), 64, 64, 0)).Message, StringComparison.Ordinal);
}
