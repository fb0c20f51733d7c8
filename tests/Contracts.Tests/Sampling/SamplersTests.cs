using StableDiffusion.Contracts.Sampling;

namespace StableDiffusion.Contracts.Tests.Sampling;

public sealed class SamplersTests
{
    [Theory]
    [InlineData("Euler", "Euler", "EulerDiscreteScheduler")]
    [InlineData("ddim", "DDIM", "DDIMScheduler")]
    [InlineData("lms", "LMS", "LMSDiscreteScheduler")]
    public void A_name_in_any_letter_case_has_one_spelling_and_one_class(string given, string name, string scheduler)
    {
        Assert.Equal(name, Samplers.Canonical(given));
        Assert.Equal(scheduler, Samplers.SchedulerClasses[given]);
    }

    [Fact]
    public void An_unknown_name_has_none() => Assert.Null(Samplers.Canonical("EulerDiscreteScheduler"));

    [Fact]
    public void All_names_are_listed_in_order() => Assert.Equal(Samplers.SchedulerClasses.Keys.Order(StringComparer.Ordinal), Samplers.Names);
}
