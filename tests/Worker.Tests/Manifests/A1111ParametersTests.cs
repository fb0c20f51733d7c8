using StableDiffusion.Worker.Manifests;
using StableDiffusion.Worker.Tests.Fakes;

namespace StableDiffusion.Worker.Tests.Manifests;

public sealed class A1111ParametersTests
{
    [Fact]
    public void Text_is_what_the_webui_writes() => Assert.Equal(
        """
        a red circle, on white
        Negative prompt: blurry, text
        Steps: 20, Sampler: Euler, CFG scale: 7.5, Seed: 9007199254740991, Size: 512x768, Model hash: 0123456789, Model: starter, Version: 1.2.3
        """,
        A1111Parameters.Text(Some.Manifest with
        {
            Settings = Some.Settings with
            {
                Prompt = "a red circle, on white", NegativePrompt = "blurry, text", Steps = 20, CfgScale = 7.5,
                Seed = 9007199254740991, Width = 512, Height = 768,
            },
        }));

    [Fact]
    public void Without_a_negative_prompt_its_line_is_left_out_and_whole_scales_have_no_point() => Assert.Equal(
        "a red circle\nSteps: 4, Sampler: Euler, CFG scale: 7, Seed: 42, Size: 8x8, Model hash: 0123456789, Model: starter, Version: 1.2.3",
        A1111Parameters.Text(Some.Manifest));

    [Fact]
    public void Value_that_would_be_taken_apart_is_quoted() => Assert.Contains(
        "Model: \"a, b: c\", ",
        A1111Parameters.Text(Some.Manifest with { Settings = Some.Settings with { Model = "a, b: c" } }),
        StringComparison.Ordinal);
}
