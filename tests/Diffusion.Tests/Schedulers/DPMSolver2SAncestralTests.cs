using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Schedulers;

/// <summary>DPM++ 2S a against its formula in double precision, as k-diffusion's <c>sample_dpmpp_2s_ancestral</c> has it: in t = −log σ, with
/// h = t(σ_down) − t(σ) and r = ½. diffusers, which made the other references, has no such class.</summary>
public sealed class DPMSolver2SAncestralTests
{
    private const string Latents = """{"beta_schedule": "scaled_linear", "use_karras_sigmas": true}""";
    private static readonly long[] Shape = [1, 4, 3, 5];

    [Theory]
    [InlineData("epsilon")]
    [InlineData("v_prediction")]
    public void A_run_is_the_formulas(string prediction)
    {
        using var scope = NewDisposeScope();
        using Generator generator = new(11, CPU), same = new(11, CPU);
        using IScheduler scheduler = Create(prediction);
        scheduler.SetTimesteps(7);
        var noise = new NoiseSource(generator);
        var sample = noise.Draw(Shape, CPU) * scheduler.InitNoiseSigma;
        double[] expected = Formula([.. ((ISigmaScheduler)scheduler).Sigmas.Distinct().Select(sigma => (double)sigma)], prediction, Draw);
        for (int step = 0; step < scheduler.Timesteps.Count; step++)
        {
            sample = scheduler.Step(Network(scheduler.ScaleModelInput(sample, step)), step, sample, StepOptions.Default, noise);
        }

        double largest = expected.Max(Math.Abs);
        Assert.All(sample.to(ScalarType.Float64).data<double>().ToArray().Zip(expected), pair => Assert.InRange(Math.Abs(pair.First - pair.Second) / largest, 0, 1e-5)); // single precision over 13 calls
        Assert.Equal(Draw()[0], noise.Draw(Shape, CPU).to(ScalarType.Float64).data<double>()[0]); // as much noise was drawn: none at the end

        double[] Draw() => randn(Shape, generator: same).to(ScalarType.Float64).data<double>().ToArray();
    }

    [Fact]
    public void The_network_is_asked_at_the_times_of_the_sigmas_that_it_sees()
    {
        using IScheduler scheduler = Create("epsilon");
        scheduler.SetTimesteps(4);
        float[] trained = NoiseSchedule.ScaledLinear(0.00085, 0.012, 1000).Sigmas();
        double[] sigmas = [.. ((ISigmaScheduler)scheduler).Sigmas.Distinct().Select(sigma => (double)sigma)];
        for (int step = 0; step < 4; step++)
        {
            AssertAt(sigmas[step], scheduler.Timesteps[2 * step]);
            if (step < 3)
            {
                AssertAt(sigmas[step + 1], scheduler.Timesteps[(2 * step) + 1]); // √(σ·σ_down), and σ_down is σ′²/σ
            }
        }

        void AssertAt(double sigma, double time)
        {
            int below = Math.Min((int)time, 998);
            double log = Math.Log(trained[below]) + ((time - below) * (Math.Log(trained[below + 1]) - Math.Log(trained[below])));
            Assert.Equal(Math.Log(sigma), log, 1e-5);
        }
    }

    private static double[] Formula(double[] sigmas, string prediction, Func<double[]> draw)
    {
        double[] x = [.. draw().Select(value => value * sigmas[0])];
        for (int i = 0; i < sigmas.Length - 1; i++)
        {
            var (sigma, next) = (sigmas[i], sigmas[i + 1]);
            double up = Math.Min(next, Math.Sqrt(next * next * ((sigma * sigma) - (next * next)) / (sigma * sigma)));
            double down = Math.Sqrt((next * next) - (up * up));
            double[] denoised = Denoised(x, sigma);
            if (down == 0)
            {
                return [.. x.Zip(denoised, (value, clean) => value + ((value - clean) / sigma * (down - sigma)))];
            }

            double t = -Math.Log(sigma), h = -Math.Log(down) - t, middle = Math.Exp(-(t + (h / 2)));
            double[] halfway = [.. x.Zip(denoised, (value, clean) => (middle / sigma * value) - ((Math.Exp(-h / 2) - 1) * clean))];
            x = [.. x.Zip(Denoised(halfway, middle), (value, clean) => (down / sigma * value) - ((Math.Exp(-h) - 1) * clean)).Zip(draw(), (value, noise) => value + (noise * up))];
        }

        return x;

        // a network that says 0.6·tanh of what it sees, read as ε or as v
        double[] Denoised(double[] at, double sigma) => [.. at.Select(value =>
        {
            double root = Math.Sqrt((sigma * sigma) + 1), output = 0.6 * Math.Tanh(value / root);
            return prediction == "epsilon" ? value - (sigma * output) : (value / (root * root)) - (sigma / root * output);
        })];
    }

    private static Tensor Network(Tensor seen) => seen.tanh() * 0.6;

    private static IScheduler Create(string prediction)
    {
        JsonObject config = JsonNode.Parse(Latents)!.AsObject();
        config["prediction_type"] = prediction;
        return SchedulerFactory.Create("DPMSolver2SAncestralScheduler", new SchedulerConfig(config, "scheduler_config.json"));
    }
}
