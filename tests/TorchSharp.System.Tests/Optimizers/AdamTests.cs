using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Tests.Optimizers;

public class AdamTests
{
    private const double Rate = 0.01, Beta1 = 0.9, Beta2 = 0.99, Eps = 1e-8, Decay = 0.1;

    /// <summary>The published algorithm on plain numbers, from a quadratic's gradients 2·(x − i).</summary>
    private static double[] ByHand(double[] start, int steps, bool decoupled, bool amsgrad)
    {
        var x = start.ToArray();
        double[] m = new double[x.Length], v = new double[x.Length], largest = new double[x.Length];
        for (int t = 1; t <= steps; t++)
        {
            for (int i = 0; i < x.Length; i++)
            {
                double g = 2 * (x[i] - i);
                if (decoupled) x[i] *= 1 - Rate * Decay;
                else g += Decay * x[i];
                m[i] = Beta1 * m[i] + (1 - Beta1) * g;
                v[i] = Beta2 * v[i] + (1 - Beta2) * g * g;
                largest[i] = Math.Max(largest[i], v[i]);
                double square = (amsgrad ? largest[i] : v[i]) / (1 - Math.Pow(Beta2, t));
                x[i] -= Rate * m[i] / (1 - Math.Pow(Beta1, t)) / (Math.Sqrt(square) + Eps);
            }
        }
        return x;
    }

    private static void Run(optim.Optimizer optimizer, IReadOnlyList<Parameter> parameters, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            long offset = 0;
            foreach (var parameter in parameters)
            {
                (parameter - arange(offset, offset + parameter.numel(), ScalarType.Float64)).square().sum().backward();
                offset += parameter.numel();
            }
            optimizer.step();
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void Steps_equal_the_published_algorithm(bool decoupled, bool amsgrad)
    {
        using var first = new Parameter(tensor(new double[] { 0.5, -1, 3 }));
        using var second = new Parameter(tensor(new double[] { 2, 0 }));
        Parameter[] parameters = [first, second];
        using optim.Optimizer optimizer = decoupled
            ? optim.AdamW(parameters, Rate, Beta1, Beta2, Eps, Decay, amsgrad)
            : optim.Adam(parameters, Rate, Beta1, Beta2, Eps, Decay, amsgrad);

        Run(optimizer, parameters, 20);

        var expected = ByHand([0.5, -1, 3, 2, 0], 20, decoupled, amsgrad);
        Numbers.AssertClose(expected[..3], first, 1e-12);
        Numbers.AssertClose(expected[3..], second, 1e-12);
    }

    [Fact]
    public void A_parameter_without_a_gradient_rests_and_keeps_its_own_count()
    {
        using var moving = new Parameter(tensor(new double[] { 5 }));
        using var resting = new Parameter(tensor(new double[] { 5 }));
        using var optimizer = optim.AdamW([moving, resting], Rate, Beta1, Beta2, Eps, Decay);

        Run(optimizer, [moving], 3);
        Numbers.AssertClose([5], resting, 0);
        Run(optimizer, [resting], 4);

        var counts = optimizer.state_dict().State.Select(state => ((AdamW.State)state).step);
        Assert.Equal([7, 4], counts); // zero_grad leaves zeros, not nothing, so the first goes on
        Numbers.AssertClose(ByHand([5], 4, true, false), resting, 1e-12);
    }

    [Fact]
    public void Groups_have_options_of_their_own()
    {
        using var fast = new Parameter(tensor(new double[] { 1 }));
        using var slow = new Parameter(tensor(new double[] { 1 }));
        using var optimizer = optim.AdamW([new AdamW.ParamGroup([fast], lr: 0.5), new AdamW.ParamGroup { Parameters = [slow] }], lr: 0.1);
        (fast + slow).sum().backward();

        optimizer.step();

        // The first step of Adam is the learning rate, whatever the gradient; weight decay is 0 by default.
        Numbers.AssertClose([0.5], fast, 1e-7);
        Numbers.AssertClose([0.9], slow, 1e-7);
        Assert.Equal([0.5, 0.1], optimizer.ParamGroups.Select(group => group.LearningRate));
    }

    [Fact]
    public void A_restored_optimizer_goes_on_as_the_first_would_have()
    {
        using var whole = new Parameter(tensor(new double[] { 4, -2 }));
        using var broken = new Parameter(tensor(new double[] { 4, -2 }));
        using var straight = optim.AdamW([whole], Rate);
        Run(straight, [whole], 10);
        using var before = optim.AdamW([broken], Rate);
        Run(before, [broken], 6);

        using var after = optim.AdamW([broken], 1);
        after.load_state_dict(before.state_dict());
        Run(after, [broken], 4);

        Numbers.AssertClose(whole, broken, 0);
        using var none = optim.AdamW(Array.Empty<Parameter>());
        Assert.Throws<ArgumentException>(() => none.load_state_dict(before.state_dict()));
    }

    [Fact]
    public void Steps_in_a_scope_leave_the_states_alive_and_nothing_else()
    {
        using var parameter = new Parameter(ones(10));
        using var optimizer = optim.AdamW([parameter]);
        using (NewDisposeScope())
        {
            parameter.sum().backward();
            optimizer.step();
        }
        GC.Collect();
        GC.WaitForPendingFinalizers();
        long before = Tensor.TotalCount;

        using (NewDisposeScope()) optimizer.step();

        Assert.Equal(before, Tensor.TotalCount);
        Assert.False(((AdamW.State)optimizer.state_dict().State[0]).exp_avg.IsInvalid);
    }

    [Fact]
    public void Options_out_of_range_are_refused_by_name()
    {
        Assert.Contains("learning rate", Assert.Throws<ArgumentException>(() => optim.AdamW(Array.Empty<Parameter>(), lr: -1)).Message, StringComparison.Ordinal);
        Assert.Contains("beta2", Assert.Throws<ArgumentException>(() => optim.Adam(Array.Empty<Parameter>(), beta2: 1)).Message, StringComparison.Ordinal);
    }
}
