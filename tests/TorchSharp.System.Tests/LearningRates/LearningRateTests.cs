using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Tests.LearningRates;

public class LearningRateTests
{
    private const double Start = 0.5;

    private static List<double> Rates(Func<Optimizer, lr_scheduler.LRScheduler> make, int steps)
    {
        using var parameter = new Parameter(zeros(1));
        using var optimizer = SGD([parameter], Start);
        var schedule = make(optimizer);
        var rates = new List<double>();
        for (int step = 0; step < steps; step++)
        {
            rates.Add(optimizer.ParamGroups.Single().LearningRate);
            Assert.Equal(rates[^1], schedule.get_last_lr().Single());
            schedule.step();
        }
        return rates;
    }

    private static void AssertRates(IEnumerable<double> expected, List<double> actual)
    {
        foreach (var (wanted, given) in expected.Zip(actual)) Assert.Equal(wanted, given, 1e-12);
    }

    [Fact]
    public void Lambda_multiplies_the_initial_rate()
    {
        double Factor(int step) => step < 3 ? (step + 1) / 3.0 : 1.0 / step; // warm-up, then decay

        AssertRates(Enumerable.Range(0, 8).Select(step => Start * Factor(step)), Rates(optimizer => lr_scheduler.LambdaLR(optimizer, Factor), 8));
    }

    [Fact]
    public void Linear_rises_to_the_full_rate_and_stays()
    {
        AssertRates(
            Enumerable.Range(0, 8).Select(step => Start * (0.2 + 0.8 * Math.Min(step, 4) / 4)),
            Rates(optimizer => lr_scheduler.LinearLR(optimizer, start_factor: 0.2, total_iters: 4), 8));
    }

    [Fact]
    public void Cosine_falls_to_its_lowest_and_rises_again()
    {
        AssertRates(
            Enumerable.Range(0, 15).Select(step => 0.1 + (Start - 0.1) * (1 + Math.Cos(Math.PI * step / 5)) / 2),
            Rates(optimizer => lr_scheduler.CosineAnnealingLR(optimizer, 5, eta_min: 0.1), 15));
    }

    [Fact]
    public void A_given_epoch_takes_the_closed_form()
    {
        using var parameter = new Parameter(zeros(1));
        using var optimizer = SGD([parameter], Start);
        var schedule = lr_scheduler.CosineAnnealingLR(optimizer, 10);

        schedule.step(5);

        Assert.Equal(Start / 2, optimizer.ParamGroups.Single().LearningRate, 1e-12);
    }
}
