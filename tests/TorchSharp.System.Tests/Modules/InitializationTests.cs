using static TorchSharp.torch;

namespace TorchSharp.Tests.Modules;

public class InitializationTests
{
    [Fact]
    public void Linear_starts_with_PyTorchs_numbers()
    {
        manual_seed(0);
        using var linear = nn.Linear(2, 2);

        // torch.manual_seed(0); torch.nn.Linear(2, 2), to the four places that PyTorch prints.
        Numbers.AssertClose([-0.0053, 0.3793, -0.5820, -0.5204], linear.weight, 5e-5);
        Numbers.AssertClose([-0.2723, 0.1896], linear.bias!, 5e-5);
    }

    [Fact]
    public void Embedding_starts_standard_normal_with_its_padding_row_zero()
    {
        manual_seed(0);
        using var embedding = nn.Embedding(3, 2, padding_idx: 1);

        Numbers.AssertClose([1.5410, -0.2934, 0, 0, -1.0845, -1.3986], embedding.weight!, 5e-5);
    }

    [Fact]
    public void Convolution_draws_weight_then_bias_uniformly_within_one_over_the_root_of_fan_in()
    {
        manual_seed(7);
        using var convolution = nn.Conv2d(3, 8, 3);
        manual_seed(7);
        double bound = 1 / Math.Sqrt(3 * 3 * 3);
        using var weight = rand(8, 3, 3, 3) * (2 * bound) - bound;
        using var bias = rand(8) * (2 * bound) - bound;

        // Scaling a drawn number and drawing a scaled one round differently in the last place.
        Numbers.AssertClose(weight, convolution.weight, 1e-7);
        Numbers.AssertClose(bias, convolution.bias!, 1e-7);
    }

    [Fact]
    public void Norms_start_as_the_identity()
    {
        using var layer = nn.LayerNorm(4);
        using var batch = nn.BatchNorm2d(4);

        Numbers.AssertClose([1, 1, 1, 1], layer.weight, 0);
        Numbers.AssertClose([0, 0, 0, 0], layer.bias!, 0);
        Numbers.AssertClose([1, 1, 1, 1], batch.weight, 0);
        Numbers.AssertClose([1, 1, 1, 1], batch.running_var!, 0);
        Assert.Equal(0, batch.num_batches_tracked!.item<long>());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Kaiming_keeps_the_variance_of_what_a_layer_with_slope_a_passes(double a)
    {
        manual_seed(3);
        using var weight = empty(200, 100);

        nn.init.kaiming_normal_(weight, a);
        double deviation = weight.std().item<float>();
        nn.init.kaiming_uniform_(weight, a);

        double expected = Math.Sqrt(2 / (1 + a * a) / 100);
        Assert.Equal(expected, deviation, expected * 0.02); // 20,000 draws: 0.5 % standard error
        Assert.Equal(expected * Math.Sqrt(3), weight.abs().max().item<float>(), expected * 0.02);
    }
}
