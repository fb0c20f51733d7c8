using System.Text.Json.Nodes;
using StableDiffusion.Diffusion.Networks.Configs;
using StableDiffusion.Diffusion.Schedulers;
using static TorchSharp.torch;

namespace StableDiffusion.Diffusion.Tests.Schedulers;

public sealed class SchedulerTests
{
    public static TheoryData<string> Built => [.. SchedulerFactory.ClassNames];

    [Theory]
    [InlineData("DDIMScheduler")]
    [InlineData("DPMSolverMultistepScheduler")]
    [InlineData("DPMSolverSinglestepScheduler")]
    [InlineData("EulerDiscreteScheduler")]
    [InlineData("HeunDiscreteScheduler")]
    [InlineData("KDPM2DiscreteScheduler")]
    [InlineData("LMSDiscreteScheduler")]
    [InlineData("UniPCMultistepScheduler")]
    public void A_network_that_knows_the_noise_leads_back_to_the_picture(string className)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(7, CPU);
        using var scheduler = SchedulerFactory.Create(className, Config("""{"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "clip_sample": false}"""));
        scheduler.SetTimesteps(9);
        Tensor picture = randn([1, 4, 3, 5], generator: generator), noise = randn([1, 4, 3, 5], generator: generator);
        var sample = scheduler.AddNoise(picture, noise, 0);
        for (int step = 0; step < scheduler.Timesteps.Count; step++)
        {
            sample = scheduler.Step(noise, step, sample, StepOptions.Default, new NoiseSource(generator));
        }

        // σ begins at 14: single precision leaves a few times 1e-6 of that
        Assert.InRange((sample - picture).abs().max().item<float>(), 0, 1e-4f);
    }

    [Theory]
    [MemberData(nameof(Built))]
    public void A_scheduler_starts_over_for_another_run(string className)
    {
        using var scope = NewDisposeScope();
        using var used = SchedulerFactory.Create(className, Config("{}"));
        Run(used, 6);
        var again = Run(used, 4);
        using var fresh = SchedulerFactory.Create(className, Config("{}"));
        Assert.True(again.equal(Run(fresh, 4)).all().item<bool>());
    }

    [Theory]
    [MemberData(nameof(Built))]
    public void A_run_leaves_no_tensors_behind(string className)
    {
        using var scope = NewDisposeScope();
        using (var scheduler = SchedulerFactory.Create(className, Config("{}")))
        {
            Run(scheduler, 6).Dispose();
        }

        Assert.Equal(0, scope.DisposablesCount);
    }

    [Theory]
    [MemberData(nameof(Built))]
    public void Impossible_numbers_of_steps_are_refused(string className)
    {
        using var scheduler = SchedulerFactory.Create(className, Config("{}"));
        Assert.Throws<ArgumentOutOfRangeException>(() => scheduler.SetTimesteps(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => scheduler.SetTimesteps(1001));
    }

    [Theory]
    [InlineData("prediction_type", "\"score\"", "epsilon")]
    [InlineData("beta_schedule", "\"quadratic\"", "scaled_linear")]
    [InlineData("timestep_spacing", "\"sideways\"", "leading")]
    [InlineData("num_train_timesteps", "0", "1 and more")]
    [InlineData("num_train_timesteps", "\"many\"", "a whole number")]
    [InlineData("beta_end", "[1]", "a number")]
    [InlineData("trained_betas", "[0.1, 0.2]", "1000")]
    public void A_value_that_is_not_known_is_named_with_those_that_are(string field, string value, string supported)
    {
        string[] without = field == "timestep_spacing" ? ["DPMSolverSinglestepScheduler", "LCMScheduler", "TCDScheduler"] : [];
        foreach (string className in SchedulerFactory.ClassNames.Except(without))
        {
            var error = Assert.Throws<UnsupportedConfigException>(() => SchedulerFactory.Create(className, Config($"{{\"{field}\": {value}}}")));
            Assert.Equal(field, error.Field);
            Assert.Contains(supported, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Two_sigma_curves_at_once_are_refused() =>
        Assert.Throws<UnsupportedConfigException>(() => new EulerDiscreteScheduler(Config("""{"use_karras_sigmas": true, "use_beta_sigmas": true}""")));

    [Fact]
    public void A_scheduler_that_is_not_built_is_an_error_that_lists_what_is()
    {
        string message = Assert.Throws<NotSupportedException>(() => SchedulerFactory.Create("FlowMatchEulerDiscreteScheduler", Config("{}"))).Message;
        Assert.Contains("FlowMatchEulerDiscreteScheduler is not built", message, StringComparison.Ordinal);
        Assert.Contains("EulerDiscreteScheduler", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DDPMScheduler", """{"variance_type": "learned_range"}""", "variance_type")]
    [InlineData("PNDMScheduler", """{"prediction_type": "sample"}""", "prediction_type")]
    [InlineData("EulerAncestralDiscreteScheduler", """{"prediction_type": "sample"}""", "prediction_type")]
    [InlineData("DPMSolverMultistepScheduler", """{"algorithm_type": "dpmsolver"}""", "final_sigmas_type")]
    [InlineData("DPMSolverMultistepScheduler", """{"algorithm_type": "sde-dpmsolver", "final_sigmas_type": "sigma_min", "solver_order": 3}""", "solver_order")]
    [InlineData("DPMSolverMultistepScheduler", """{"use_flow_sigmas": true}""", "use_flow_sigmas")]
    [InlineData("DPMSolverMultistepScheduler", """{"variance_type": "learned"}""", "variance_type")]
    [InlineData("DPMSolverSinglestepScheduler", """{"solver_order": 4}""", "solver_order")]
    [InlineData("DEISMultistepScheduler", """{"algorithm_type": "sde-dpmsolver++"}""", "algorithm_type")]
    [InlineData("UniPCMultistepScheduler", """{"solver_p": {}}""", "solver_p")]
    [InlineData("LCMScheduler", """{"original_inference_steps": 2000}""", "original_inference_steps")]
    public void What_a_class_cannot_do_is_refused_by_the_field(string className, string config, string field) =>
        Assert.Equal(field, Assert.Throws<UnsupportedConfigException>(() => SchedulerFactory.Create(className, Config(config))).Field);

    [Theory]
    [InlineData("PNDMScheduler", "{}", 3, "skip_prk_steps")]
    [InlineData("LCMScheduler", "{}", 51, "original_inference_steps")]
    [InlineData("DEISMultistepScheduler", """{"timestep_spacing": "leading"}""", 1000, "leading")]
    public void Numbers_of_steps_that_a_method_cannot_lay_out_are_refused_with_the_reason(string className, string config, int steps, string reason)
    {
        using var scheduler = SchedulerFactory.Create(className, Config(config));
        Assert.Contains(reason, Assert.Throws<ArgumentOutOfRangeException>(() => scheduler.SetTimesteps(steps)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_config_serves_every_class()
    {
        // as diffusers writes it for another class: what a class does not know it leaves alone
        using var folder = new TemporaryFolder();
        string path = folder.File("scheduler_config.json");
        File.WriteAllText(path, """
            {"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver++", "solver_type": "midpoint", "lambda_min_clipped": -Infinity,
             "variance_type": null, "trained_betas": null, "clip_sample": false, "set_alpha_to_one": false, "skip_prk_steps": true, "thresholding": false}
            """);
        var config = SchedulerConfig.Load(path);
        foreach (string className in SchedulerFactory.ClassNames)
        {
            using var scheduler = SchedulerFactory.Create(className, config);
            scheduler.SetTimesteps(8);
            Assert.NotEmpty(scheduler.Timesteps);
        }
    }

    [Theory]
    [MemberData(nameof(Built))]
    public void A_batch_gives_each_picture_the_bits_that_it_has_alone(string className)
    {
        using var scope = NewDisposeScope();
        const string Thresholded = """{"thresholding": true, "dynamic_thresholding_ratio": 0.9, "sample_max_value": 1.5, "clip_sample": true}""";
        foreach (string config in new[] { "{}", Thresholded })
        {
            using var scheduler = SchedulerFactory.Create(className, Config(config));
            var together = Run(scheduler, 6, 5, 9);
            Assert.True(together.narrow(0, 0, 1).equal(Run(scheduler, 6, 5)).all().item<bool>());
            Assert.True(together.narrow(0, 1, 1).equal(Run(scheduler, 6, 9)).all().item<bool>());
        }
    }

    [Theory]
    [InlineData("LCMScheduler", "timestep_scaling", "10", "11")]
    [InlineData("LCMScheduler", "original_inference_steps", "50", "70")]
    [InlineData("UniPCMultistepScheduler", "lower_order_final", "true", "false")]
    [InlineData("DEISMultistepScheduler", "lower_order_final", "true", "false")]
    [InlineData("DPMSolverMultistepScheduler", "solver_order", "2", "3")]
    [InlineData("DDPMScheduler", "variance_type", "\"fixed_small\"", "\"fixed_large\"")]
    public void What_a_config_leaves_out_is_as_in_diffusers(string className, string field, string left, string other)
    {
        using var scope = NewDisposeScope();
        int steps = className == "LCMScheduler" ? 50 : 14; // down to times where the scaling shows; few enough for lower orders
        Tensor without = RunOf("{}");
        Assert.True(without.equal(RunOf($"{{\"{field}\": {left}}}")).all().item<bool>());
        Assert.False(without.equal(RunOf($"{{\"{field}\": {other}}}")).all().item<bool>());

        Tensor RunOf(string config)
        {
            using var scheduler = SchedulerFactory.Create(className, Config(config));
            return Run(scheduler, steps);
        }
    }

    [Theory]
    [InlineData("DEISMultistepScheduler")]
    [InlineData("DPMSolverMultistepScheduler")]
    public void Orders_fall_at_the_end_of_runs_below_fifteen_steps(string className)
    {
        using var scope = NewDisposeScope();
        Assert.False(EndsAlike(14));
        Assert.True(EndsAlike(15));

        bool EndsAlike(int steps)
        {
            using IScheduler falls = Create("true"), stays = Create("false");
            return Run(falls, steps).equal(Run(stays, steps)).all().item<bool>();
        }

        IScheduler Create(string falls) =>
            SchedulerFactory.Create(className, Config($"{{\"lower_order_final\": {falls}, \"final_sigmas_type\": \"sigma_min\"}}"));
    }

    [Fact]
    public void An_offset_that_leaves_the_schedule_is_refused()
    {
        using var scheduler = new DDIMScheduler(Config("""{"steps_offset": 1}"""));
        Assert.Contains("steps_offset 1", Assert.Throws<ArgumentOutOfRangeException>(() => scheduler.SetTimesteps(1000)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 2)]
    public void DDIM_draws_noise_only_with_eta(double eta, int expectedDraws)
    {
        using var scope = NewDisposeScope();
        using Generator counted = new(3, CPU), reference = new(3, CPU);
        using var scheduler = new DDIMScheduler(Config("{}"));
        scheduler.SetTimesteps(5);
        scheduler.Step(zeros(1, 4, 8, 8), 0, zeros(1, 4, 8, 8), new StepOptions { Eta = eta }, new NoiseSource(counted));
        var last = zeros(1);
        for (int draw = 0; draw < expectedDraws; draw++)
        {
            last = randn([1, 4, 8, 8], generator: reference);
        }

        Assert.True(randn([1, 4, 8, 8], generator: counted).equal(last).all().item<bool>());
    }

    [Fact]
    public void A_batch_draws_for_each_sample_from_its_own_generator()
    {
        using var scope = NewDisposeScope();
        using Generator first = new(1, CPU), second = new(2, CPU), alone = new(2, CPU);
        var both = new NoiseSource(first, second).Draw([2, 4, 8, 8], CPU);
        Assert.True(both.narrow(0, 1, 1).equal(new NoiseSource(alone).Draw([1, 4, 8, 8], CPU)).all().item<bool>());
        Assert.Throws<ArgumentException>(() => new NoiseSource(first, second).Draw([3, 4], CPU));
    }

    [Theory]
    [InlineData(0.25, 1, 1, 0.25)] // the uniform distribution
    [InlineData(0.5, 0.6, 0.6, 0.5)] // symmetry
    [InlineData(0.15625, 2, 2, 0.25)] // 3x² − 2x³
    [InlineData(0.5, 0.5, 0.5, 0.5)]
    [InlineData(1.0 / 3, 0.5, 0.5, 0.25)] // the arcsine distribution, 2/π·asin √x
    public void Beta_quantiles_are_those_of_closed_forms(double p, double a, double b, double x) =>
        Assert.Equal(x, BetaDistribution.Quantile(p, a, b), 1e-12);

    [Fact]
    public void Zero_terminal_SNR_leaves_nothing_of_the_picture()
    {
        var schedule = NoiseSchedule.ScaledLinear(0.00085, 0.012, 1000);
        var rescaled = schedule.WithZeroTerminalSnr();
        Assert.Equal(0, rescaled.AlphasCumprod[^1]);
        Assert.Equal(schedule.AlphasCumprod[0], rescaled.AlphasCumprod[0], 1e-6f);
        Assert.True(schedule.AlphasCumprod[^1] > 0.004f);
    }

    private static SchedulerConfig Config(string json) => new(JsonNode.Parse(json)!.AsObject(), "scheduler_config.json");

    private static Tensor Run(IScheduler scheduler, int steps, params int[] seeds)
    {
        using var scope = NewDisposeScope();
        Generator[] generators = [.. (seeds.Length == 0 ? [5] : seeds).Select(seed => new Generator((ulong)seed, CPU))];
        scheduler.SetTimesteps(steps);
        var noise = new NoiseSource(generators);
        var sample = noise.Draw([generators.Length, 4, 3, 5], CPU) * scheduler.InitNoiseSigma;
        for (int step = 0; step < scheduler.Timesteps.Count; step++)
        {
            var input = scheduler.ScaleModelInput(sample, step);
            var output = input / (input.abs() + 1); // of correctly rounded operations alone: a sine's bits hang on whether the element fills a vector
            sample = scheduler.Step(output, step, sample, StepOptions.Default, noise);
        }

        Array.ForEach(generators, generator => generator.Dispose());
        return sample.MoveToOuterDisposeScope();
    }
}
