using System.Text.Json.Nodes;
using StableDiffusion.Contracts.Sampling;
using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Worker.Tests.Rendering;

/// <summary>The table of names knows nothing of the schedulers; here both are in sight.</summary>
public sealed class SamplersTests
{
    public static TheoryData<string> Names => [.. Samplers.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_sampler_runs_with_each_schedule_type_that_it_takes(string name)
    {
        var model = new JsonObject { ["_class_name"] = "PNDMScheduler", ["beta_schedule"] = "scaled_linear", ["steps_offset"] = 1, ["use_karras_sigmas"] = true };
        foreach (var choice in Samplers.Find(name)!.Sampler.ScheduleTypes.Select(schedule => Samplers.Find(name, schedule)!))
        {
            using var scheduler = SchedulerFactory.Create(choice.SchedulerClass, new SchedulerConfig(choice.Over(model), choice.Name));
            scheduler.SetTimesteps(8);
            Assert.InRange(scheduler.Timesteps.Count, 8, 16);
        }
    }

    [Fact]
    public void Every_scheduler_has_a_sampler() => Assert.All(SchedulerFactory.ClassNames, className => Assert.NotNull(Samplers.OfClass(className)));
}
