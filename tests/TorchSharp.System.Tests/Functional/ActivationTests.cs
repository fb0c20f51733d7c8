using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Tests.Functional;

public class ActivationTests
{
    private static readonly double[] Points = [-3, -1, -0.25, 0, 0.5, 2];

    [Fact]
    public void Activations_follow_their_formulas()
    {
        using var scope = NewDisposeScope();
        var x = tensor(Points);
        double Sigmoid(double v) => 1 / (1 + Math.Exp(-v));
        double Gelu(double v) => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));

        Numbers.AssertClose([.. Points.Select(v => v * Sigmoid(v))], nn.functional.silu(x), 1e-12);
        Numbers.AssertClose([.. Points.Select(Sigmoid)], nn.functional.sigmoid(x), 1e-12);
        Numbers.AssertClose([.. Points.Select(Math.Tanh)], nn.functional.tanh(x), 1e-12);
        Numbers.AssertClose([.. Points.Select(v => Math.Max(v, 0))], nn.functional.relu(x), 0);
        Numbers.AssertClose([.. Points.Select(Gelu)], nn.functional.gelu(x, GELU.Approximate.tanh), 1e-12);
        // 0.5·2·(1 + erf(√2)) = 1.9544997…
        Numbers.AssertClose([1.954499736103642], nn.functional.gelu(tensor(2.0)), 1e-12);
    }

    [Fact]
    public void In_place_changes_the_input_and_gives_a_handle_that_outlives_it()
    {
        var x = tensor(Points);

        using var result = nn.functional.relu(x, inplace: true);

        Assert.All(Numbers.Of(x), value => Assert.True(value >= 0));
        x.Dispose();
        Assert.All(Numbers.Of(result), value => Assert.True(value >= 0));
    }

    [Fact]
    public void Softmax_and_its_logarithm_agree()
    {
        using var scope = NewDisposeScope();
        var x = Numbers.Normal(1, 3, 5);

        var softmax = nn.functional.softmax(x, 1);

        Numbers.AssertClose([1, 1, 1], softmax.sum(1), 1e-12);
        Numbers.AssertClose(softmax.log(), nn.functional.log_softmax(x, 1), 1e-12);
        Assert.Equal(ScalarType.Float32, nn.functional.softmax(x, 1, ScalarType.Float32).dtype);
    }
}
