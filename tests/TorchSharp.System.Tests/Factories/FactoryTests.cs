using static TorchSharp.torch;

namespace TorchSharp.Tests.Factories;

public class FactoryTests
{
    [Fact]
    public void Fills_have_the_asked_shape_type_and_value()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([2, 3], zeros(2, 3).shape);
        Assert.Equal(ScalarType.Float64, ones([4], dtype: float64).dtype);
        Assert.Equal([7L, 7L], full(2, 7).data<long>().ToArray());
        Assert.Equal(ScalarType.Float32, full(2, 7.5).dtype);
        Assert.Equal([1f, 0f, 0f, 1f], eye(2).data<float>().ToArray());
        Assert.Equal(ScalarType.Float16, zeros_like(zeros(2, dtype: float16)).dtype);
        Assert.True(ones(1, requires_grad: true).requires_grad);
    }

    [Fact]
    public void Ranges_are_integers_unless_a_bound_has_a_fraction()
    {
        using var scope = NewDisposeScope();
        Assert.Equal([1L, 3L], arange(1, 5, 2).data<long>().ToArray());
        Assert.Equal([0f, 0.5f], arange(0, 1.0, 0.5).data<float>().ToArray());
        Assert.Equal([0f, 0.5f, 1f], linspace(0, 1, 3).data<float>().ToArray());
    }

    [Fact]
    public void Arrays_keep_their_shape_and_are_copied()
    {
        using var scope = NewDisposeScope();
        var source = new float[,] { { 1, 2, 3 }, { 4, 5, 6 } };
        var copied = tensor(source);
        source[0, 0] = 100;
        Assert.Equal([2, 3], copied.shape);
        Assert.Equal(1f, copied[0, 0].item<float>());
        Assert.Equal([2, 2], tensor(new[] { 1, 2, 3, 4 }, [2, 2]).shape);
        Assert.Equal(ScalarType.Float32, tensor(new[] { 1, 2 }, dtype: float32).dtype);
        Assert.Equal([], tensor(3.0).shape);
        Assert.Throws<ArgumentException>(() => tensor(new[] { 1f }, [2, 2]));
    }

    [Fact]
    public void Seed_42_gives_the_numbers_that_it_gives_everywhere()
    {
        using var scope = NewDisposeScope();
        manual_seed(42);
        Assert.Equal([0.3367f, 0.1288f, 0.2345f, 0.2303f], randn(4).data<float>().ToArray(), (a, b) => MathF.Abs(a - b) < 5e-5f);
    }

    [Fact]
    public void Random_integers_and_permutations_stay_in_range()
    {
        using var scope = NewDisposeScope();
        var drawn = randint(3, 6, [1000]);
        Assert.Equal(3, drawn.min().item<long>());
        Assert.Equal(5, drawn.max().item<long>());
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), randperm(10).data<long>().ToArray().Order());
        var uniform = rand(1000);
        Assert.True(uniform.min().item<float>() >= 0 && uniform.max().item<float>() < 1);
    }
}
