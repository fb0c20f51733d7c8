using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Tests.Optimizers;

public class SGDTests
{
    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(0.9, 0, false)]
    [InlineData(0.9, 0.1, false)]
    [InlineData(0.9, 0, true)]
    public void Steps_follow_the_momentum_of_the_gradients(double momentum, double dampening, bool nesterov)
    {
        const double rate = 0.1, decay = 0.01;
        using var parameter = new Parameter(tensor(new double[] { 3 }));
        using var optimizer = optim.SGD([parameter], rate, momentum, dampening, decay, nesterov);
        double x = 3, velocity = 0;
        for (int step = 0; step < 5; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            parameter.square().sum().backward();
            optimizer.step();

            double gradient = 2 * x + decay * x;
            velocity = step == 0 ? gradient : momentum * velocity + (1 - dampening) * gradient;
            x -= rate * (momentum == 0 ? gradient : nesterov ? gradient + momentum * velocity : velocity);
        }

        Numbers.AssertClose([x], parameter, 1e-12);
    }

    [Fact]
    public void The_closure_computes_the_loss_with_gradients_on()
    {
        using var parameter = new Parameter(tensor(new double[] { 3 }));
        using var optimizer = optim.SGD([parameter], 0.5);
        using var frozen = no_grad();

        using var loss = optimizer.step(() =>
        {
            var value = parameter.square().sum();
            value.backward();
            return value;
        });

        Assert.Equal(9, loss!.item<double>());
        Numbers.AssertClose([0], parameter, 1e-12);
    }
}
