using static TorchSharp.torch;

namespace TorchSharp.Tests.Functional;

public class AttentionTests
{
    private static Tensor Naive(Tensor q, Tensor k, Tensor v, Tensor? bias = null)
    {
        var scores = q.matmul(k.transpose(-2, -1)) / Math.Sqrt(q.shape[^1]);
        if (bias is not null) scores = scores + bias;
        return scores.softmax(-1).matmul(v);
    }

    [Fact]
    public void Attention_is_the_softmax_of_scaled_products()
    {
        using var scope = NewDisposeScope();
        Tensor q = Numbers.Normal(1, 2, 3, 5, 4), k = Numbers.Normal(2, 2, 3, 7, 4), v = Numbers.Normal(3, 2, 3, 7, 4);

        Numbers.AssertClose(Naive(q, k, v), nn.functional.scaled_dot_product_attention(q, k, v), 1e-12);
    }

    [Fact]
    public void Masks_hide_where_false_or_are_added()
    {
        using var scope = NewDisposeScope();
        Tensor q = Numbers.Normal(1, 1, 2, 5, 4), k = Numbers.Normal(2, 1, 2, 5, 4), v = Numbers.Normal(3, 1, 2, 5, 4);
        var hidden = ones(5, 5, ScalarType.Float64).triu(1) * -1e30;
        var expected = Naive(q, k, v, hidden);

        Numbers.AssertClose(expected, nn.functional.scaled_dot_product_attention(q, k, v, hidden), 1e-12);
        Numbers.AssertClose(expected, nn.functional.scaled_dot_product_attention(q, k, v, hidden.eq(0)), 1e-12);
        Numbers.AssertClose(expected, nn.functional.scaled_dot_product_attention(q, k, v, is_casual: true), 1e-12);
    }

    [Fact]
    public void Long_rows_give_the_same_as_short_ones()
    {
        using var scope = NewDisposeScope();
        Tensor q = Numbers.Normal(1, 1, 2, 3000, 8), k = Numbers.Normal(2, 1, 2, 3000, 8), v = Numbers.Normal(3, 1, 2, 3000, 8);

        var whole = nn.functional.scaled_dot_product_attention(q, k, v);
        var causal = nn.functional.scaled_dot_product_attention(q, k, v, is_casual: true);

        // Rows do not depend on each other, so a few of them are enough.
        foreach (long row in new[] { 0L, 1499, 2999 })
        {
            var one = q.narrow(2, row, 1);
            Numbers.AssertClose(Naive(one, k, v), whole.narrow(2, row, 1), 1e-12);
            Numbers.AssertClose(Naive(one, k.narrow(2, 0, row + 1), v.narrow(2, 0, row + 1)), causal.narrow(2, row, 1), 1e-12);
        }
    }

    [Fact]
    public void Nothing_but_the_result_stays_behind()
    {
        using var q = randn(1, 2, 3000, 8);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;

        using var result = nn.functional.scaled_dot_product_attention(q, q, q);

        Assert.Equal(before + 1, Tensor.TotalCount);
    }
}
