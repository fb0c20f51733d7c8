using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Tests.Modules;

public class LayerTests
{
    [Fact]
    public void Convolution_sums_over_windows_and_channels()
    {
        using var convolution = nn.Conv2d(2, 1, 2, stride: 2, bias: false);
        using (no_grad()) convolution.weight.copy_(arange(8, ScalarType.Float32).reshape(1, 2, 2, 2));
        using var input = arange(32, ScalarType.Float32).reshape(1, 2, 4, 4);

        using var output = convolution.call(input);

        var values = Numbers.Of(input);
        double At(int c, int y, int x) => values[c * 16 + y * 4 + x];
        double Window(int y, int x) => Enumerable.Range(0, 8).Sum(k => k * At(k / 4, 2 * y + k / 2 % 2, 2 * x + k % 2));
        Assert.Equal([1, 1, 2, 2], output.shape);
        Numbers.AssertClose([Window(0, 0), Window(0, 1), Window(1, 0), Window(1, 1)], output, 0);
    }

    [Theory]
    [InlineData(PaddingModes.Zeros)]
    [InlineData(PaddingModes.Reflect)]
    public void Same_padding_keeps_the_size(PaddingModes mode)
    {
        using var convolution = nn.Conv2d(1, 1, 3, Padding.Same, padding_mode: mode);
        using var input = randn(1, 1, 5, 6);
        using var output = convolution.call(input);

        Assert.Equal(input.shape, output.shape);
    }

    [Fact]
    public void Transposed_convolution_is_the_gradient_of_the_convolution()
    {
        using var scope = NewDisposeScope();
        var weight = Numbers.Normal(1, 3, 2, 3, 3);
        var input = Numbers.Normal(2, 1, 2, 7, 7).requires_grad_();
        var output = nn.functional.conv2d(input, weight, strides: [2, 2], padding: [1, 1]);
        var upstream = Numbers.Normal(3, output.shape);
        (output * upstream).sum().backward();

        var transposed = nn.functional.conv_transpose2d(upstream, weight, strides: [2, 2], padding: [1, 1]);

        Numbers.AssertClose(input.grad!, transposed, 1e-12);
    }

    [Fact]
    public void Group_norm_gives_each_group_mean_0_and_variance_1()
    {
        using var norm = nn.GroupNorm(2, 4, eps: 1e-6);
        nn.init.ones_(norm.weight);
        nn.init.zeros_(norm.bias!);
        using var input = randn(3, 4, 5, 5) * 7 + 3;

        using var output = norm.call(input);

        foreach (var group in Numbers.Of(output).Chunk(50))
        {
            Assert.Equal(0, group.Average(), 1e-5);
            Assert.Equal(1, group.Average(x => x * x), 1e-4);
        }
    }

    [Fact]
    public void Batch_norm_uses_batch_statistics_in_training_and_running_ones_after()
    {
        using var norm = nn.BatchNorm2d(1, momentum: 0.5);
        using var input = tensor(new float[] { 1, 3 }).reshape(2, 1, 1, 1);

        using var training = norm.call(input);
        norm.eval();
        using var running = norm.call(input);

        // batch: mean 2, biased variance 1; running after one step: mean 1, variance (1 + 2) / 2
        Numbers.AssertClose([-1, 1], training, 1e-4);
        Numbers.AssertClose([0, 2 / Math.Sqrt(1.5)], running, 1e-4);
        Assert.Equal(1, norm.num_batches_tracked!.item<long>());
    }

    [Fact]
    public void Embedding_gives_rows_and_no_gradient_to_its_padding_row()
    {
        using var embedding = nn.Embedding(4, 3, padding_idx: 0);
        using var ids = tensor(new long[] { 0, 2, 2 });
        using var rows = embedding.call(ids);
        rows.sum().backward();

        Numbers.AssertClose([0, 0, 0, 0, 0, 0, 2, 2, 2, 0, 0, 0], embedding.weight!.grad!, 0);
    }

    [Fact]
    public void Sequential_calls_in_order_and_frees_what_passes_between()
    {
        using var sequence = nn.Sequential(("up", nn.Linear(1, 1)), ("act", nn.ReLU(inplace: true)), ("down", nn.Linear(1, 1)));
        using (no_grad())
        {
            foreach (var parameter in sequence.parameters()) parameter.fill_(-2);
        }
        using var input = tensor(new float[] { -3 });

        using var output = sequence.call(input); // -2·relu(-2·-3 - 2) - 2

        Numbers.AssertClose([-10], output, 0);
        Assert.Equal(["up.weight", "up.bias", "down.weight", "down.bias"], sequence.state_dict().Keys);
        Assert.Equal(3, sequence.Count);
        Assert.IsType<ReLU>(sequence[1]);
    }
}
