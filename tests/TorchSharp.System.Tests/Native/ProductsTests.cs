using static TorchSharp.torch;

namespace TorchSharp.Tests.Native;

/// <summary>Single-precision products, which several threads may share, against the same in double precision, which they do not.</summary>
public class ProductsTests
{
    private const double Bound = 1e-4; // sums of up to 700 products of size 1

    [Theory]
    [InlineData(2, 300, 64, 96)] // more rows than columns
    [InlineData(1, 7, 700, 1000)] // more columns, and no whole vectors of them
    [InlineData(1, 3, 5, 2)]
    public void Linear_layers_multiply_and_add(long batch, long rows, long from, long to)
    {
        using var scope = NewDisposeScope();
        Tensor input = Single(1, batch, rows, from), weight = Single(2, to, from), bias = Single(3, to);
        var product = Double(input).matmul(Double(weight).t());

        Numbers.AssertClose(product + Double(bias), Double(nn.functional.linear(input, weight, bias)), Bound);
        Numbers.AssertClose(product, Double(nn.functional.linear(input, weight)), Bound);
        Numbers.AssertClose(product[0], Double(nn.functional.linear(input[0], weight)), Bound);
        Numbers.AssertClose(product[0, 0], Double(nn.functional.linear(input[0, 0], weight)), Bound);
    }

    [Fact]
    public void Batches_of_matrices_multiply_pair_by_pair()
    {
        using var scope = NewDisposeScope();
        Tensor left = Single(1, 5, 40, 50), right = Single(2, 5, 60, 50).transpose(1, 2);

        Numbers.AssertClose(Double(left).bmm(Double(right)), Double(left.bmm(right)), Bound);
    }

    [Fact]
    public void Attention_over_heads_that_lie_side_by_side_is_that_of_double_precision()
    {
        using var scope = NewDisposeScope();
        Tensor q = Heads(1, 1500), k = Heads(2, 1500), v = Heads(3, 1500);
        using var _ = no_grad();

        var result = nn.functional.scaled_dot_product_attention(q, k, v);

        Numbers.AssertClose(nn.functional.scaled_dot_product_attention(Double(q), Double(k), Double(v)), Double(result), 1e-5);
        Assert.True(result.Equals(nn.functional.scaled_dot_product_attention(q, k, v)));

        Tensor Heads(int seed, long rows) => Single(seed, 2, rows, 3 * 24).view(2, rows, 3, 24).transpose(1, 2);
    }

    [Fact]
    public void Gradients_are_recorded_through_them()
    {
        using var scope = NewDisposeScope();
        Tensor input = Single(1, 100, 100), weight = Single(2, 100, 100).requires_grad_();

        nn.functional.linear(input, weight).sum().backward();

        Numbers.AssertClose(Double(input).sum(dim: 0).expand(100, 100), Double(weight.grad!), Bound);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_an_error() => Assert.ThrowsAny<Exception>(() => nn.functional.linear(zeros(200, 300), zeros(200, 301)));

    private static Tensor Single(int seed, params long[] shape) => Numbers.Normal(seed, shape).to(ScalarType.Float32);

    private static Tensor Double(Tensor x) => x.to(ScalarType.Float64);
}
