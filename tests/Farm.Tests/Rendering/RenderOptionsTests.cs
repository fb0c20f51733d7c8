using System.CommandLine;
using System.Text.Json;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Farm.Rendering;

namespace StableDiffusion.Farm.Tests.Rendering;

public sealed class RenderOptionsTests : IDisposable
{
    private readonly string picture = Path.GetTempFileName();

    public RenderOptionsTests() => File.WriteAllBytes(picture, [1, 2, 3]);

    public void Dispose() => File.Delete(picture);

    [Theory]
    [InlineData("--sampler Euler --schedule Karras --eta 0.5 --clip-skip 2 --guidance-rescale 0.7 --plain-prompt",
        """{"prompts":["p"],"sampler_name":"Euler","scheduler":"Karras","eta":0.5,"guidance_rescale":0.7,"clip_skip":2,"prompt_syntax":"plain"}""")]
    [InlineData("--init FILE --strength 0.4 --mask FILE --mask-blur 2 --mask-invert --mask-fill noise --masked-only --masked-padding 8 --no-paste-back",
        """{"prompts":["p"],"init_images":["AQID"],"denoising_strength":0.4,"mask":"AQID","mask_blur":2,"inpainting_mask_invert":1,"inpainting_fill":2,"inpaint_full_res":true,"inpaint_full_res_padding":8,"paste_back":false}""")]
    [InlineData("--hires 1.5 --hires-upscaler Lanczos --hires-steps 9", """{"prompts":["p"],"enable_hr":true,"hr_scale":1.5,"hr_upscaler":"Lanczos","hr_second_pass_steps":9}""")]
    [InlineData("--hires-size 128x0", """{"prompts":["p"],"enable_hr":true,"hr_resize_x":128,"hr_resize_y":0}""")]
    [InlineData("--lora ink:0.8 --lora oil --vae mse", """{"prompts":["p"],"loras":[{"name":"ink","weight":0.8},{"name":"oil"}],"vae":"mse"}""")]
    [InlineData("--controlnet canny=FILE --controlnet depth=FILE:0.5:0.1-0.9 --controlnet-guess",
        """{"prompts":["p"],"controlnet_units":[{"model":"canny","image":"AQID","control_mode":"ControlNet is more important"},{"model":"depth","image":"AQID","weight":0.5,"guidance_start":0.1,"guidance_end":0.9,"control_mode":"ControlNet is more important"}]}""")]
    [InlineData("--prompt-2 b --original-size 512x768 --crop 1x2 --target-size 8x16 --batch-class 4 --previews",
        """{"prompts":["p"],"prompt_2":"b","original_width":512,"original_height":768,"crop_x":1,"crop_y":2,"target_width":8,"target_height":16,"live_previews":true,"batch_class":4}""")]
    [InlineData("--name cats --tag animals --tag draft --priority -5", """{"prompts":["p"],"name":"cats","tags":["animals","draft"],"priority":-5}""")]
    [InlineData("", """{"prompts":["p"]}""")]
    public void Options_become_the_requests_fields(string options, string request) => Assert.Equal(
        JsonSerializer.Serialize(JsonSerializer.Deserialize<BatchRequest>(request, FarmJson.Options), FarmJson.Options),
        JsonSerializer.Serialize(Read(options).Request, FarmJson.Options));

    [Theory]
    [InlineData("--lora ink:much", "--lora: a name and a number like ink:0.8, not 'ink:much'")]
    [InlineData("--controlnet canny", "--controlnet: like canny=edges.png")]
    [InlineData("--hires-size 128", "--hires-size: two numbers like 1024x768, not '128'")]
    [InlineData("--strength half", "--strength: a number like 7.5, not 'half'")]
    public void What_cannot_be_read_is_told_by_the_option(string options, string error) =>
        Assert.Contains(error, Parse(options, new RenderOptions()).Errors[0].Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_not_there_is_told_by_option_and_file()
    {
        foreach (string option in new[] { "--init", "--mask", "--controlnet" })
        {
            var error = Assert.Throws<FarmException>(() => Read($"{option} {(option == "--controlnet" ? "canny=" : "")}/nowhere/cat.png"));
            Assert.StartsWith($"{option}: /nowhere/cat.png cannot be read: there is no such file", error.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error.Message);
        }
    }

    [Fact]
    public void Names_of_pictures_tell_what_was_set_and_pictures_by_their_content()
    {
        IReadOnlyList<string> given = Read("--lora ink:0.8 --lora oil --init FILE --mask-invert").Given;
        Assert.Equal(["init 039058", "lora ink:0.8 oil", "mask invert"], given.Order(StringComparer.Ordinal)); // the file's SHA-256 begins so
    }

    private (BatchRequest Request, IReadOnlyList<string> Given) Read(string options)
    {
        var settings = new RenderOptions();
        ParseResult parsed = Parse(options, settings);
        Assert.Empty(parsed.Errors);
        return (settings.ToRequest(parsed, ["p"]), settings.Given(parsed));
    }

    private ParseResult Parse(string options, RenderOptions settings)
    {
        var command = new Command("render");
        settings.AddTo(command);
        return command.Parse([.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word.Replace("FILE", picture, StringComparison.Ordinal))]);
    }
}
