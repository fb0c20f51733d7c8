using StableDiffusion.Farm.Rendering;

namespace StableDiffusion.Farm.Tests.Rendering;

public sealed class FieldNamesTests
{
    [Theory]
    [InlineData("n_iter: 0 is out of range", "--count: 0 is out of range")]
    [InlineData("steps: 0 of steps\nfarm: sampler_name: none", "--steps: 0 of steps\nfarm: --sampler: none")]
    [InlineData("seed: With n_iter 2 it is too large", "--seed: With --count 2 it is too large")]
    [InlineData("prompts[0]: empty", "prompt 1: empty")]
    [InlineData("init_images[0]: The picture is no PNG", "--init: The picture is no PNG")]
    [InlineData("mask: It says nothing without init_images: leave it out", "--mask: It says nothing without --init: leave it out")]
    [InlineData("mask_blur: It says nothing without mask: leave it out, or give mask, too.", "--mask-blur: It says nothing without --mask: leave it out, or give --mask, too.")]
    [InlineData("loras[0].name: No worker holds a LoRA \"x\"", "--lora: No worker holds a LoRA \"x\"")]
    [InlineData("controlnet_units[1].weight: 3 is out of range", "--controlnet: 3 is out of range")]
    [InlineData("scheduler: \"x\" does not go with Euler", "--schedule: \"x\" does not go with Euler")]
    [InlineData("hr_scale: 9 is out of range", "--hires: 9 is out of range")]
    [InlineData("model: \"cut\" could not be loaded: unet/diffusion_pytorch_model.safetensors is cut", "--model: \"cut\" could not be loaded: unet/diffusion_pytorch_model.safetensors is cut")]
    [InlineData("hr_scale: Give either hr_scale or hr_resize_x and hr_resize_y, not both.", "--hires: Give either --hires or --hires-size, not both.")]
    [InlineData("crop_x: none\nfarm: crop_y: none\nfarm: steps: 0", "--crop: none\nfarm: --steps: 0")]
    [InlineData("the farm does not answer", "the farm does not answer")]
    public void A_refusal_names_options_as_they_were_typed(string refusal, string told) => Assert.Equal(told, FieldNames.InOptions(refusal));
}
