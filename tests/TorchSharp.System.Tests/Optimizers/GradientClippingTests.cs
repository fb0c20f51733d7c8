using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Tests.Optimizers;

public class GradientClippingTests
{
    private static Parameter WithGradient(params double[] gradient)
    {
        var parameter = new Parameter(zeros(gradient.Length, ScalarType.Float64));
        parameter.grad = tensor(gradient);
        return parameter;
    }

    [Fact]
    public void All_gradients_shrink_by_one_factor_to_the_joint_norm()
    {
        using var first = WithGradient(3, 0);
        using var second = WithGradient(4);
        using var without = new Parameter(zeros(2));

        double norm = nn.utils.clip_grad_norm_([first, second, without], 1);

        Assert.Equal(5, norm, 1e-12);
        Numbers.AssertClose([3 / (5 + 1e-6), 0], first.grad!, 1e-12);
        Numbers.AssertClose([4 / (5 + 1e-6)], second.grad!, 1e-12);
        Assert.Null(without.grad);
    }

    [Fact]
    public void Small_gradients_stay()
    {
        using var parameter = WithGradient(0.3, -0.4);

        Assert.Equal(0.5, nn.utils.clip_grad_norm_([parameter], 1), 1e-12);
        Numbers.AssertClose([0.3, -0.4], parameter.grad!, 0);
    }

    [Fact]
    public void Values_are_clamped_one_by_one()
    {
        using var parameter = WithGradient(3, -0.2, -9);

        nn.utils.clip_grad_value_([parameter], 0.5);

        Numbers.AssertClose([0.5, -0.2, -0.5], parameter.grad!, 0);
    }

    [Fact]
    public void Parameters_go_into_a_vector_and_back()
    {
        using var scope = NewDisposeScope();
        var first = new Parameter(tensor(new double[,] { { 1, 2 }, { 3, 4 } }));
        var second = new Parameter(tensor(new double[] { 5 }));

        var vector = nn.utils.parameters_to_vector([first, second]);
        nn.utils.vector_to_parameters(vector.detach() * 2, [first, second]);

        Numbers.AssertClose([1, 2, 3, 4, 5], vector, 0);
        Numbers.AssertClose([2, 4, 6, 8], first, 0);
        Assert.True(first.requires_grad);
    }
}
