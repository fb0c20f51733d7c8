using static TorchSharp.torch;

namespace TorchSharp.Tests.Autograd;

public class AutogradTests
{
    private static float[] Floats(Tensor? tensor) => tensor!.data<float>().ToArray();

    [Fact]
    public void Backward_adds_up_gradients_on_the_leaves()
    {
        using var scope = NewDisposeScope();
        var x = tensor(new[] { 1f, 2f, 3f }, requires_grad: true);
        Assert.Null(x.grad);
        (x.pow(2) * 2 + x).sum().backward();
        Assert.Equal([5f, 9f, 13f], Floats(x.grad));
        x.sum().backward();
        Assert.Equal([6f, 10f, 14f], Floats(x.grad));
        x.grad = null;
        Assert.Null(x.grad);
    }

    [Fact]
    public void Gradient_flows_through_views_products_and_indexing()
    {
        using var scope = NewDisposeScope();
        var weight = tensor(new float[,] { { 1, 2 }, { 3, 4 } }, requires_grad: true);
        var input = tensor(new float[,] { { 5, 6 } });
        input.matmul(weight.t())[0, 1].backward();
        Assert.Equal([0f, 0f, 5f, 6f], Floats(weight.grad));
    }

    [Fact]
    public void Intermediate_gradient_is_kept_on_request()
    {
        using var scope = NewDisposeScope();
        var x = tensor(3f, requires_grad: true);
        var y = x * 2;
        y.retain_grad();
        (y * y).backward();
        Assert.False(y.is_leaf);
        Assert.Equal(12f, y.grad!.item<float>());
        Assert.Equal(24f, x.grad!.item<float>());
    }

    [Fact]
    public void Grad_gives_gradients_without_storing_them()
    {
        using var scope = NewDisposeScope();
        var x = tensor(2f, requires_grad: true);
        var first = autograd.grad([x.pow(3)], [x], create_graph: true)[0];
        var second = autograd.grad([first], [x])[0];
        Assert.Equal(12f, first.item<float>());
        Assert.Equal(12f, second.item<float>());
        Assert.Null(x.grad);
    }

    [Fact]
    public void Nothing_is_recorded_under_no_grad()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, requires_grad: true);
        using (no_grad())
        {
            Assert.False(is_grad_enabled());
            Assert.False((x * 2).requires_grad);
            using (enable_grad()) Assert.True((x * 2).requires_grad);
            x.sub_(0.5);
        }
        Assert.True(is_grad_enabled());
        Assert.True(x.requires_grad && x.is_leaf);
        Assert.Equal([0.5f, 0.5f], Floats(x));
        Assert.False((x * 2).detach().requires_grad);
    }

    [Fact]
    public void Leaf_is_not_changed_in_place_while_recording()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, requires_grad: true);
        var error = Assert.ThrowsAny<Exception>(() => x.add_(1));
        Assert.Contains("leaf", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Inference_mode_ends_with_its_scope()
    {
        using var scope = NewDisposeScope();
        var x = ones(2, requires_grad: true);
        using (inference_mode())
        {
            Assert.True(is_inference_mode_enabled());
            Assert.False((x * 2).requires_grad);
        }
        Assert.False(is_inference_mode_enabled());
        Assert.True((x * 2).requires_grad);
    }
}
