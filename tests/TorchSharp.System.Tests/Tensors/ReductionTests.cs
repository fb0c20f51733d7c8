using static TorchSharp.torch;

namespace TorchSharp.Tests.Tensors;

public class ReductionTests
{
    private static float[] Floats(Tensor tensor) => tensor.data<float>().ToArray();

    [Fact]
    public void Sum_and_mean_run_over_all_or_the_named_dimensions()
    {
        using var scope = NewDisposeScope();
        var x = arange(6, dtype: float32).reshape(2, 3);
        Assert.Equal(15f, x.sum().item<float>());
        Assert.Equal([3f, 12f], Floats(x.sum(1)));
        Assert.Equal([2, 1], x.sum(1, keepdim: true).shape);
        Assert.Equal([1.5f, 2.5f, 3.5f], Floats(x.mean([0])));
        Assert.Equal(2.5, x.mean([0, 1], type: float64).item<double>());
        Assert.Equal(60f, x[1].prod().item<float>());
        Assert.Equal([0f, 1f, 3f], Floats(x[0].cumsum(0)));
        Assert.Equal([3f, 12f, 60f], Floats(x[1].cumprod(0)));
    }

    [Fact]
    public void Variance_is_unbiased_unless_told_otherwise()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 2f, 3f, 4f });
        Assert.Equal(5f / 3, x.var().item<float>(), 1e-6f);
        Assert.Equal(1.25f, x.var(0, unbiased: false).item<float>(), 1e-6f);
        Assert.Equal(1.118034f, x.std(0, unbiased: false).item<float>(), 1e-6f);
        var (variance, mean) = x.reshape(2, 2).var_mean(1);
        Assert.Equal([0.5f, 0.5f], Floats(variance));
        Assert.Equal([1.5f, 3.5f], Floats(mean));
    }

    [Fact]
    public void Extremes_come_with_their_places()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 3f, 9f, 1f, 7f }).reshape(2, 2);
        var (values, indices) = x.max(1);
        Assert.Equal([9f, 7f], Floats(values));
        Assert.Equal([1L, 1L], indices.data<long>().ToArray());
        Assert.Equal(2, x.argmin().item<long>());
        Assert.Equal([3f, 9f], Floats(x.amax([0])));
        Assert.Equal(1f, x.min().item<float>());
    }

    [Fact]
    public void Softmax_sums_to_one_and_survives_large_numbers()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1000f, 1001f });
        // 1 / (1 + e), e / (1 + e)
        var expected = new[] { 0.26894143f, 0.7310586f };
        Assert.Equal(expected[0], Floats(x.softmax(0))[0], 1e-6f);
        Assert.Equal(expected[1], Floats(softmax(x, 0))[1], 1e-6f);
        Assert.Equal(MathF.Log(expected[0]), Floats(x.log_softmax(0))[0], 1e-5f);
        Assert.Equal(1001.3133f, x.logsumexp(0).item<float>(), 1e-3f);
    }

    [Fact]
    public void Sorting_and_top_k_give_values_with_places()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 2f, 5f, 1f });
        var (sorted, order) = x.sort(descending: true);
        Assert.Equal([5f, 2f, 1f], Floats(sorted));
        Assert.Equal([1L, 0L, 2L], order.data<long>().ToArray());
        var (top, _) = x.topk(2);
        Assert.Equal([5f, 2f], Floats(top));
        Assert.Equal(3.5f, x.quantile(tensor(0.75f)).item<float>(), 1e-6f);
    }

    [Fact]
    public void Norms_agree_with_Pythagoras()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 3f, 4f });
        Assert.Equal(5f, x.norm().item<float>(), 1e-6f);
        Assert.Equal(7f, linalg.vector_norm(x, 1).item<float>(), 1e-6f);
        Assert.Equal(4f, linalg.norm(x, double.PositiveInfinity).item<float>(), 1e-6f);
    }

    [Fact]
    public void Products_of_matrices_match_those_by_hand()
    {
        using var scope = NewDisposeScope();
        var a = tensor(new float[,] { { 1, 2 }, { 3, 4 } });
        var b = tensor(new float[,] { { 5, 6 }, { 7, 8 } });
        float[] product = [19, 22, 43, 50];
        Assert.Equal(product, Floats(a.matmul(b)));
        Assert.Equal(product, Floats(mm(a, b)));
        Assert.Equal(product, Floats(einsum("ij,jk->ik", a, b)));
        Assert.Equal(product, Floats(a.unsqueeze(0).bmm(b.unsqueeze(0))));
        Assert.Equal([20f, 24f, 46f, 54f], Floats(a.addmm(a, b, beta: 1, alpha: 1)));
        Assert.Equal(17f, a[0].dot(b[0]).item<float>());
        Assert.Equal([5f, 6f, 10f, 12f], Floats(outer(a[0], b[0])));
    }
}
