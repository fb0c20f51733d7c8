using System.Text.Json.Nodes;
using StableDiffusion.Contracts.Sampling;

namespace StableDiffusion.Contracts.Tests.Sampling;

public sealed class SamplersTests
{
    [Theory]
    [InlineData("Euler", "Euler", "Automatic", "EulerDiscreteScheduler")]
    [InlineData("ddim", "DDIM", "Automatic", "DDIMScheduler")]
    [InlineData("DPM++ 2M Karras", "DPM++ 2M", "Karras", "DPMSolverMultistepScheduler")]
    [InlineData("dpm++ 2m sde heun exponential", "DPM++ 2M SDE Heun", "Exponential", "DPMSolverMultistepScheduler")]
    [InlineData("Euler SGM Uniform", "Euler", "SGM Uniform", "EulerDiscreteScheduler")]
    [InlineData("DPM++ 2S a Karras", "DPM++ 2S a", "Karras", "DPMSolver2SAncestralScheduler")]
    [InlineData("DPM2 a Karras", "DPM2 a", "Karras", "KDPM2AncestralDiscreteScheduler")]
    public void A_name_in_any_letter_case_has_one_spelling_and_one_class(string given, string name, string schedule, string scheduler)
    {
        var choice = Samplers.Find(given)!;
        Assert.Equal((name, schedule, scheduler), (choice.Sampler.Name, choice.ScheduleType, choice.SchedulerClass));
        Assert.Equal(given, Samplers.Canonical(given), ignoreCase: true);
        Assert.Equal(choice, Samplers.Find(choice.Name));
    }

    [Theory]
    [InlineData("EulerScheduler", null)]
    [InlineData("DPM fast", null)] // A1111's, which diffusers has not
    [InlineData("DPM adaptive", null)]
    [InlineData("Restart", null)]
    [InlineData("Euler a Karras", null)]
    [InlineData("Euler", "Align Your Steps")]
    [InlineData("Karras", null)]
    [InlineData("Euler", "Sideways")]
    [InlineData("DDIM", "Karras")] // steps in whole times, not along σ
    [InlineData("DDIM Karras", null)]
    [InlineData("DPM++ 2M Karras", "Exponential")] // says two things
    public void What_is_not_in_the_table_is_not_found(string sampler, string? schedule) => Assert.Null(Samplers.Find(sampler, schedule));

    [Theory]
    [InlineData("EulerDiscreteScheduler", null, "Euler")]
    [InlineData("DPMSolverMultistepScheduler", "Karras", "DPM++ 2M Karras")]
    public void A_diffusers_class_is_the_first_sampler_that_it_runs(string scheduler, string? schedule, string name) =>
        Assert.Equal(name, Samplers.Find(scheduler, schedule)?.Name);

    [Fact]
    public void A_schedule_type_beside_the_name_says_the_same_as_one_within() =>
        Assert.Equal(Samplers.Find("DPM++ 2M Karras"), Samplers.Find("DPM++ 2M", "karras"));

    [Fact]
    public void Polyexponential_is_exponential() => Assert.Equal(Samplers.Find("DPM++ 2M", "Exponential"), Samplers.Find("DPM++ 2M", "polyexponential"));

    [Fact]
    public void Every_sampler_takes_the_schedule_types_that_it_lists_and_its_own_choice()
    {
        foreach (var sampler in Samplers.All)
        {
            Assert.Equal("Automatic", sampler.ScheduleTypes[0]);
            Assert.Contains(sampler.AutomaticSchedule, sampler.ScheduleTypes);
            Assert.All(sampler.ScheduleTypes, schedule => Assert.NotNull(Samplers.Find(sampler.Name, schedule)));
        }
    }

    [Fact]
    public void No_two_samplers_share_a_name() => Assert.Equal(Samplers.Names.Count, Samplers.Names.Distinct(StringComparer.OrdinalIgnoreCase).Count());

    [Fact]
    public void A_choice_sets_its_fields_over_the_models_and_leaves_the_rest()
    {
        var model = new JsonObject { ["beta_end"] = 0.012, ["use_beta_sigmas"] = true, ["algorithm_type"] = "dpmsolver", ["timestep_spacing"] = "leading" };
        var merged = Samplers.Find("DPM++ 2M SDE Heun Karras")!.Over(model);
        Assert.Equal(
            """{"beta_end":0.012,"use_beta_sigmas":false,"algorithm_type":"sde-dpmsolver\u002B\u002B","timestep_spacing":"linspace","use_karras_sigmas":true,"use_exponential_sigmas":false,"use_lu_lambdas":false,"solver_order":2,"solver_type":"heun"}""",
            merged.ToJsonString());
        Assert.Equal("dpmsolver", (string?)model["algorithm_type"]);
    }

    [Fact]
    public void Automatic_is_A1111s_choice_or_the_models()
    {
        var model = new JsonObject { ["timestep_spacing"] = "trailing" };
        Assert.True((bool?)Samplers.Find("DPM++ 2M")!.Over(model)["use_karras_sigmas"]);
        Assert.Equal("""{"timestep_spacing":"trailing"}""", Samplers.Find("Euler")!.Over(model).ToJsonString());
    }
}
