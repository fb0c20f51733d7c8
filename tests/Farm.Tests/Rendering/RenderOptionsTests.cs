using StableDiffusion.Farm.Rendering;

namespace StableDiffusion.Farm.Tests.Rendering;

public sealed class RenderOptionsTests
{
    [Theory]
    [InlineData("n_iter: 0 is out of range", "--count: 0 is out of range")]
    [InlineData("steps: 0 of steps\nfarm: sampler_name: none", "--steps: 0 of steps\nfarm: --sampler: none")]
    [InlineData("seed: With n_iter 2 it is too large", "--seed: With --count 2 it is too large")]
    [InlineData("prompts[0]: empty", "prompt 1: empty")]
    [InlineData("the farm does not answer", "the farm does not answer")]
    public void A_refusal_names_options_as_they_were_typed(string refusal, string told) => Assert.Equal(told, RenderOptions.InOptions(refusal));
}
