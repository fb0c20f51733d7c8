using static TorchSharp.torch;

namespace TorchSharp.Tests.Functional;

public class VisionTests
{
    private static Tensor Row(params double[] values) => tensor(values).reshape(1, 1, 1, values.Length);

    [Fact]
    public void Nearest_repeats_pixels()
    {
        using var scope = NewDisposeScope();
        var picture = tensor(new double[] { 1, 2, 3, 4 }).reshape(1, 1, 2, 2);
        double[] expected = [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4];

        Numbers.AssertClose(expected, nn.functional.interpolate(picture, scale_factor: [2, 2]), 0);
        Numbers.AssertClose(expected, nn.functional.interpolate(picture, size: [4, 4]), 0);
        using var upsample = nn.Upsample(scale_factor: [2, 2]);
        Numbers.AssertClose(expected, upsample.call(picture), 0);
    }

    [Fact]
    public void Bilinear_weighs_by_the_distance_of_pixel_centres_or_corners()
    {
        using var scope = NewDisposeScope();

        Numbers.AssertClose([0, 0.75, 2.25, 3], nn.functional.interpolate(Row(0, 3), size: [1, 4], mode: InterpolationMode.Bilinear, align_corners: false), 1e-12);
        Numbers.AssertClose([0, 1, 2, 3], nn.functional.interpolate(Row(0, 3), size: [1, 4], mode: InterpolationMode.Bilinear, align_corners: true), 1e-12);
    }

    [Fact]
    public void Bicubic_weighs_four_pixels_by_the_cubic_of_slope_minus_three_quarters()
    {
        using var scope = NewDisposeScope();
        double[] line = [3, 1, 4, 1, 5, 9, 2, 6];

        var doubled = nn.functional.interpolate(Row(line), size: [1, 16], mode: InterpolationMode.Bicubic, align_corners: false);

        double Weight(double d) => d <= 1 ? (1.25 * d - 2.25) * d * d + 1 : -0.75 * (((d - 5) * d + 8) * d - 4);
        double At(double x) => Enumerable.Range((int)Math.Floor(x) - 1, 4).Sum(i => Weight(Math.Abs(x - i)) * line[Math.Clamp(i, 0, 7)]);
        Numbers.AssertClose([.. Enumerable.Range(0, 16).Select(i => At((i + 0.5) / 2 - 0.5))], doubled, 1e-12);
    }

    [Fact]
    public void Area_takes_means_of_blocks()
    {
        using var scope = NewDisposeScope();

        Numbers.AssertClose([1.5, 3.5], nn.functional.interpolate(Row(1, 2, 3, 4), size: [1, 2], mode: InterpolationMode.Area), 1e-12);
    }

    [Fact]
    public void Padding_starts_with_the_last_dimension()
    {
        using var scope = NewDisposeScope();
        var picture = tensor(new double[] { 1, 2, 3, 4 }).reshape(1, 1, 2, 2);

        var padded = nn.functional.pad(picture, (0, 1, 0, 1));

        Numbers.AssertClose([1, 2, 0, 3, 4, 0, 0, 0, 0], padded, 0);
        Numbers.AssertClose([2, 1, 2, 1, 4, 3, 4, 3], nn.functional.pad(picture, (1, 1, 0, 0), PaddingModes.Reflect), 0);
        Numbers.AssertClose([1, 1, 2, 3, 3, 4], nn.functional.pad(picture, (1, 0, 0, 0), PaddingModes.Replicate), 0);
    }

    [Fact]
    public void Pooling_takes_the_largest_or_the_mean_of_each_window()
    {
        using var scope = NewDisposeScope();
        var picture = arange(16, ScalarType.Float64).reshape(1, 1, 4, 4);

        Numbers.AssertClose([5, 7, 13, 15], nn.functional.max_pool2d(picture, 2), 0);
        Numbers.AssertClose([2.5, 4.5, 10.5, 12.5], nn.functional.avg_pool2d(picture, 2), 0);
        Numbers.AssertClose([7.5], nn.functional.adaptive_avg_pool2d(picture, 1), 0);
    }

    [Fact]
    public void One_hot_normalize_and_cosine_similarity_follow_their_definitions()
    {
        using var scope = NewDisposeScope();

        Numbers.AssertClose([0, 1, 0, 0, 0, 1], nn.functional.one_hot(tensor(new long[] { 1, 2 }), 3), 0);
        Numbers.AssertClose([0.6, 0.8], nn.functional.normalize(tensor(new double[,] { { 3, 4 } })), 1e-12);
        Numbers.AssertClose([0.96], nn.functional.cosine_similarity(tensor(new double[,] { { 3, 4 } }), tensor(new double[,] { { 4, 3 } })), 1e-12);
    }
}
