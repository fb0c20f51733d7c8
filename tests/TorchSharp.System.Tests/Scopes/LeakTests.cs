using static TorchSharp.torch;

namespace TorchSharp.Tests.Scopes;

public class LeakTests
{
    [Fact]
    public void Training_step_in_a_scope_leaves_no_tensor_alive()
    {
        using var weight = randn([16, 16], requires_grad: true);
        Step(weight);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var k = 0; k < 5; k++) Step(weight);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Live_tensors_are_counted()
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var tensor = ones(1);
        Assert.Equal(before + 1, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.True(Tensor.TotalCount >= 1 && Tensor.PeakCount >= Tensor.TotalCount);
        tensor.Dispose();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static void Step(Tensor weight)
    {
        using var scope = NewDisposeScope();
        var input = rand(4, 16);
        var (values, _) = input.matmul(weight)[TensorIndex.Slice(0, 2), TensorIndex.Ellipsis].sort();
        var parts = values.chunk(2, 1);
        (parts[0] - parts[1] / 2).square().mean().backward();
        using (no_grad()) weight.sub_(weight.grad! * 0.1);
        weight.grad = null;
    }
}
