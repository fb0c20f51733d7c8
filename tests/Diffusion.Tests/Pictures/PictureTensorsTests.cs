using StableDiffusion.Diffusion.Pictures;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Pictures;

public sealed class PictureTensorsTests
{
    [Fact]
    public void Every_byte_comes_back_through_a_tensor()
    {
        using var scope = NewDisposeScope();
        var picture = new Picture(16, 8, 3, [.. Enumerable.Range(0, 384).Select(i => (byte)i)]);
        var values = PictureTensors.ToTensor(picture);
        Assert.Equal([1, 3, 8, 16], values.shape);
        var back = PictureTensors.ToPicture(values);
        Assert.Equal((16, 8, 3), (back.Width, back.Height, back.Channels));
        Assert.Equal(picture.Pixels, back.Pixels);
    }

    [Fact]
    public void Values_outside_are_clipped()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([0, 0, 128, 255, 255], PictureTensors.ToPicture(tensor(new[] { -7f, -1f, 0.001f, 1f, 9f }, [1, 1, 1, 5])).Pixels);
    }

    [Fact]
    public void Several_pictures_at_once_are_refused()
    {
        using var batch = zeros(2, 3, 4, 4);
        Assert.Throws<ArgumentException>(() => PictureTensors.ToPicture(batch));
    }

    [Fact]
    public void Grey_and_colour_follow_each_other()
    {
        var grey = new Picture(1, 2, 2, [10, 255, 200, 0]); // with alpha
        Assert.Equal([10, 10, 10, 200, 200, 200], grey.ToRgb().Pixels);
        Assert.Equal([10, 200], grey.ToGrey().Pixels);
        Assert.Equal([76, 150, 29], new Picture(3, 1, 3, [255, 0, 0, 0, 255, 0, 0, 0, 255]).ToGrey().Pixels);
    }

    [Fact]
    public void Values_that_are_no_numbers_make_no_picture()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<NotSupportedException>(() => PictureTensors.ToPicture(tensor(new[] { 0f, float.NaN }, [1, 1, 1, 2])));
        Assert.Contains("float32", error.Message, StringComparison.Ordinal);
    }
}
