using static TorchSharp.torch;

namespace TorchSharp.Tests.Functional;

public class LossTests
{
    private static readonly double[] Prediction = [0.5, -1, 2];
    private static readonly double[] Target = [1, -1.5, -1];

    [Fact]
    public void Regression_losses_follow_their_formulas()
    {
        using var scope = NewDisposeScope();
        var x = tensor(Prediction);
        var y = tensor(Target);
        double[] apart = [.. Prediction.Zip(Target, (a, b) => Math.Abs(a - b))];

        Numbers.AssertClose([apart.Average(d => d * d)], nn.functional.mse_loss(x, y), 1e-12);
        Numbers.AssertClose([apart.Sum(d => d * d)], nn.functional.mse_loss(x, y, nn.Reduction.Sum), 1e-12);
        Numbers.AssertClose([.. apart.Select(d => d * d)], nn.functional.mse_loss(x, y, nn.Reduction.None), 1e-12);
        Numbers.AssertClose([apart.Average()], nn.functional.l1_loss(x, y), 1e-12);
        Numbers.AssertClose([apart.Average(d => d < 2 ? d * d / 4 : d - 1)], nn.functional.smooth_l1_loss(x, y, beta: 2), 1e-12);
        Numbers.AssertClose([apart.Average(d => d < 2 ? d * d / 2 : 2 * (d - 1))], nn.functional.huber_loss(x, y, delta: 2), 1e-12);
    }

    [Fact]
    public void Cross_entropy_is_minus_the_log_probability_of_the_class()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new double[,] { { 1, 2, 0 }, { 0, 0, 3 }, { 1, 1, 1 } });
        var classes = tensor(new long[] { 1, 2, -100 });
        double first = -Math.Log(Math.Exp(2) / (Math.Exp(1) + Math.Exp(2) + 1)), second = -Math.Log(Math.Exp(3) / (2 + Math.Exp(3)));

        Numbers.AssertClose([(first + second) / 2], nn.functional.cross_entropy(logits, classes), 1e-12);
        Numbers.AssertClose([first, second, 0], nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.None), 1e-12);
    }

    [Fact]
    public void Binary_cross_entropy_takes_logits_and_weighs_positives()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new double[] { 2, -1 });
        var truth = tensor(new double[] { 1, 0 });
        double positive = Math.Log(1 + Math.Exp(-2)), negative = Math.Log(1 + Math.Exp(-1));

        Numbers.AssertClose([(positive + negative) / 2], nn.functional.binary_cross_entropy_with_logits(logits, truth), 1e-12);
        Numbers.AssertClose([(3 * positive + negative) / 2],
            nn.functional.binary_cross_entropy_with_logits(logits, truth, pos_weights: tensor(new double[] { 3, 3 })), 1e-12);
    }
}
