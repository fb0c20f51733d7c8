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
        Steps: 20, Sampler: Euler, CFG scale: 7.5, Seed: 9007199254740991, Size: 512x768, Model hash: 0123456789, Model: starter, Emphasis: None, Version: 1.2.3
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
        "a red circle\nSteps: 4, Sampler: Euler, CFG scale: 7, Seed: 42, Size: 8x8, Model hash: 0123456789, Model: starter, Emphasis: None, Version: 1.2.3",
        A1111Parameters.Text(Some.Manifest));

    [Fact]
    public void Everything_that_was_set_has_the_webuis_name() => Assert.Equal(
        "a red circle\nSteps: 4, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 42, Size: 8x8, Model hash: 0123456789, Model: starter, "
        + "VAE hash: c0c1c2c3c4, VAE: mse, Denoising strength: 0.75, Clip skip: 2, Init image hash: d0d1d2d3d4, Eta: 0.5, CFG rescale: 0.7, "
        + "Mask blur: 4, Mask mode: Inpaint not masked, Masked content: latent noise, Inpaint area: Only masked, Masked area padding: 32, "
        + "Hires upscale: 1.5, Hires steps: 8, Hires upscaler: Latent (bicubic), Original size: 16x24, Crop: 1x2, Target size: 8x8, "
        + "ControlNet 0: \"Module: none, Model: canny [00112233], Weight: 0.9, Guidance Start: 0, Guidance End: 0.8, Control Mode: Balanced\", "
        + "Lora hashes: \"ink: a0a1a2a3a4a5, oil: b0b1b2b3b4b5\", TI hashes: \"bad: e0e1e2e3e4e5\", Version: 1.2.3",
        A1111Parameters.Text(Some.Manifest with { Settings = Some.FullSettings }));

    [Fact]
    public void Value_that_would_be_taken_apart_is_quoted() => Assert.Contains(
        "Model: \"a, b: c\", ",
        A1111Parameters.Text(Some.Manifest with { Settings = Some.Settings with { Model = "a, b: c" } }),
        StringComparison.Ordinal);
}
