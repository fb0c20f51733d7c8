using static TorchSharp.torch;

namespace TorchSharp.Tests;

/// <summary>Comparing tensors with plain numbers.</summary>
internal static class Numbers
{
    public static double[] Of(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.detach().to(ScalarType.Float64).contiguous().data<double>().ToArray();
    }

    public static void AssertClose(double[] expected, Tensor actual, double tolerance)
    {
        var values = Of(actual);
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(expected[i] - values[i]) <= tolerance, $"[{i}]: expected {expected[i]}, got {values[i]}");
    }

    public static void AssertClose(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        AssertClose(Of(expected), actual, tolerance);
    }

    /// <summary>Normal numbers from a generator of their own, so that tests do not touch each other's draws.</summary>
    public static Tensor Normal(long seed, params long[] shape)
    {
        using var generator = new Generator((ulong)seed);
        return randn(shape, ScalarType.Float64, generator: generator);
    }

    /// <summary>
    /// Holds autograd's gradient of the sum of weighted outputs against central differences, in double precision: with a step
    /// of 1e-6 their own error stays near 1e-9.
    /// </summary>
    public static void AssertGradient(Func<Tensor, Tensor> function, Tensor input)
    {
        using var scope = NewDisposeScope();
        using var probe = input.detach().clone().requires_grad_();
        var weights = Normal(99, function(probe).shape);
        (function(probe) * weights).sum().backward();
        var gradient = Of(probe.grad!);

        var values = Of(input);
        for (int i = 0; i < values.Length; i++)
        {
            double difference = (At(i, 1e-6) - At(i, -1e-6)) / 2e-6;
            Assert.True(Math.Abs(difference - gradient[i]) < 1e-6, $"[{i}]: differences give {difference}, autograd {gradient[i]}");
        }

        double At(int index, double step)
        {
            using var frozen = no_grad();
            using var inner = NewDisposeScope();
            var moved = values.ToArray();
            moved[index] += step;
            return (function(tensor(moved).reshape(input.shape)) * weights).sum().item<double>();
        }
    }
}
