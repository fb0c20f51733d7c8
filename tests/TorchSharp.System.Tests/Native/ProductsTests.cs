using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace TorchSharp.Tests.Native;

/// <summary>Single-precision products, which several threads may share, against the same in double precision, which they do not.</summary>
public sealed class ProductsTests : IDisposable
{
    private const double Bound = 1e-4; // sums of up to 700 products of size 1
    private readonly int threads = get_num_threads();

    public ProductsTests() => set_num_threads(3); // libtorch's own choice may be one

    public void Dispose() => set_num_threads(threads);

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

    [Theory]
    [InlineData(300, 64, 96)] // more rows than columns
    [InlineData(7, 700, 1000)] // more columns, and no whole vectors of them
    [InlineData(3, 5, 2)]
    public void Matrices_multiply(long rows, long between, long columns)
    {
        using var scope = NewDisposeScope();
        Tensor left = Single(1, rows, between), right = Single(2, columns, between).t();

        Numbers.AssertClose(Double(left).mm(Double(right)), Double(left.mm(right)), Bound);
    }

    [Fact]
    public async Task What_another_thread_sets_for_itself_changes_no_bit()
    {
        // OpenBLAS's kernels for processors without AVX-512 round by how a product is divided
        (string, string)[] kernels = Avx2.IsSupported ? [("OPENBLAS_CORETYPE", "Haswell")] : [];
        var (exitCode, output) = await OtherProcess.RunAsync<ProductsTests>(nameof(Multiplies_beside_a_thread_that_sets_its_own), kernels);
        Assert.True(exitCode == 0 && output.Contains("Total: 1,", StringComparison.Ordinal), output);
    }

    [Fact(Explicit = true)]
    public void Multiplies_beside_a_thread_that_sets_its_own()
    {
        using var stop = new CancellationTokenSource();
        var other = new Thread(() =>
        {
            for (int count = 1; !stop.IsCancellationRequested; count = (count % 4) + 1) set_num_threads(count);
        });
        other.Start();
        try
        {
            using var scope = NewDisposeScope();
            foreach (int size in Enumerable.Range(1, 40).Select(i => (8 * i) + 3))
            {
                Tensor left = Single(1, size, 401).requires_grad_(), right = Single(2, 401, 77); // not shared out, for its gradient
                var first = left.mm(right);
                for (int again = 0; again < 20; again++) Assert.True(first.Equals(left.mm(right)), $"{size} rows");
            }
        }
        finally
        {
            stop.Cancel();
            other.Join();
        }
    }

    [Fact]
    public void Batches_of_matrices_multiply_pair_by_pair()
    {
        using var scope = NewDisposeScope();
        Tensor left = Single(1, 5, 40, 50), right = Single(2, 5, 60, 50).transpose(1, 2);

        Numbers.AssertClose(Double(left).bmm(Double(right)), Double(left.bmm(right)), Bound);
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1500, 1500, 24, 2e-5)]
    [InlineData(ScalarType.Float32, 100, 77, 40, 2e-5)]
    [InlineData(ScalarType.Float32, 5, 1, 64, 2e-5)]
    [InlineData(ScalarType.Float32, 65, 600, 80, 2e-5)] // no whole tiles and blocks
    [InlineData(ScalarType.Float32, 30, 513, 200, 2e-5)] // five vectors of the depth at a time, and what is left
    [InlineData(ScalarType.BFloat16, 1500, 1500, 24, 0.01)] // the operands have eight bits
    [InlineData(ScalarType.BFloat16, 100, 77, 40, 0.02)] // fewer places, less of an average
    [InlineData(ScalarType.BFloat16, 25, 601, 7, 0.01)] // no whole pairs
    [InlineData(ScalarType.BFloat16, 65, 1000, 160, 0.01)]
    public void Attention_over_heads_that_lie_side_by_side_is_that_of_double_precision(ScalarType dtype, long rows, long places, long depth, double bound)
    {
        using var scope = NewDisposeScope();
        Tensor q = Heads(1, rows), k = Heads(2, places), v = Heads(3, places);
        using var _ = no_grad();

        var result = nn.functional.scaled_dot_product_attention(q, k, v);

        Numbers.AssertClose(nn.functional.scaled_dot_product_attention(Double(q), Double(k), Double(v)), Double(result), bound);
        Assert.Equal(dtype, result.dtype);
        Assert.True(result.Equals(nn.functional.scaled_dot_product_attention(q, k, v)));
        Assert.True(result[0].unsqueeze(0).Equals(nn.functional.scaled_dot_product_attention(q[0].unsqueeze(0), k[0].unsqueeze(0), v[0].unsqueeze(0))));

        Tensor Heads(int seed, long length) => Single(seed, 2, length, 3 * depth).to(dtype).view(2, length, 3, depth).transpose(1, 2);
    }

    [Fact]
    public void Attention_keeps_to_the_largest_score_however_far_the_others_are()
    {
        using var scope = NewDisposeScope();
        Tensor q = ones(1, 1, 24, 16), v = arange(0, 700, ScalarType.Float32).view(1, 1, 700, 1).expand(1, 1, 700, 16);
        Tensor k = zeros(1, 1, 700, 16);
        k[0, 0, 650].fill_(100);
        k[0, 0, 3].fill_(-1000);

        Numbers.AssertClose(full([1, 1, 24, 16], 650.0), nn.functional.scaled_dot_product_attention(q, k, v), 1e-3);
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
