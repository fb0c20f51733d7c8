using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using StableDiffusion.Contracts.Adapters;
using StableDiffusion.Contracts.Models;
using StableDiffusion.Coordinator.Tests.Hosting;
using StableDiffusion.Coordinator.Workers;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Batches;

/// <summary>Every field beyond the plain ones: what is out of range, belongs to something else or names nothing is refused by its name.
/// In the bodies PNG stands for a 64×64 picture, WIDE for one of 128×64.</summary>
public sealed class FieldTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync()
    {
        host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.Get<WorkerRegister>().RegisterAsync(
            CoordinatorHost.Registered("worker-1", host.Time.GetUtcNow()) with
            {
                Models =
                [
                    CoordinatorHost.Description, CoordinatorHost.Description with { Name = "paint", Inpainting = true },
                    CoordinatorHost.Description with { Name = "fast", BatchClass = 4 }, CoordinatorHost.Description with { Name = "xl", Family = ModelFamily.Sdxl },
                    CoordinatorHost.Description with { Name = "refiner", Family = ModelFamily.Refiner },
                ],
                Adapters =
                [
                    new() { Kind = AdapterKind.Lora, Name = "ink", Hash = "11" }, new() { Kind = AdapterKind.Lora, Name = "oil", Hash = "22" },
                    new() { Kind = AdapterKind.Vae, Name = "mse", Hash = "33" }, new() { Kind = AdapterKind.Controlnet, Name = "canny", Hash = "44" },
                ],
            },
            Token);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Of_many_faults_of_one_field_the_first_are_told()
    {
        var tags = string.Concat(Enumerable.Range(0, 500).Select(number => $"<lora:gone{number}>"));
        using var answer = await host.Client.PostAsJsonAsync("/v1/batches", new { model = CoordinatorHost.Model, prompt = tags }, Token);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
        var messages = problem.RootElement.GetProperty("errors").GetProperty("prompt");
        Assert.Equal(10, messages.GetArrayLength());
        Assert.Contains("\"gone0\"", messages[0].GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"scheduler":"Zigzag"}""", "scheduler", "Karras")]
    [InlineData("""{"sampler_name":"DDIM","scheduler":"Karras"}""", "scheduler", "does not go with DDIM")]
    [InlineData("""{"sampler_name":"Euler Karras","scheduler":"Beta"}""", "scheduler", "leave one of them out")]
    [InlineData("""{"eta":1.1}""", "eta", "0 to 1")]
    [InlineData("""{"guidance_rescale":-0.1}""", "guidance_rescale", "0 to 1")]
    [InlineData("""{"clip_skip":0}""", "clip_skip", "1 to 12")]
    [InlineData("""{"clip_skip":13}""", "clip_skip", "1 to 12")]
    [InlineData("""{"prompt_syntax":"html"}""", "prompt_syntax", "\"a1111\" or \"plain\"")]
    [InlineData("""{"prompt_2":"a"}""", "prompt_2", "an SDXL model")]
    [InlineData("""{"negative_prompt_2":"a"}""", "negative_prompt_2", "an SDXL model")]
    [InlineData("""{"original_width":64}""", "original_width", "an SDXL model")]
    [InlineData("""{"loras":[{"name":"gone"}]}""", "loras[0].name", "The farm has no LoRA \"gone\" (known: ink, oil)")]
    [InlineData("""{"loras":[{}]}""", "loras[0].name", "known: ink, oil")]
    [InlineData("""{"loras":[null]}""", "loras[0].name", "Name a LoRA")]
    [InlineData("""{"loras":[{"name":"ink","weight":11}]}""", "loras[0].weight", "-10 to 10")]
    [InlineData("""{"loras":[{"name":"ink"},{"name":"ink"}]}""", "loras[1].name", "named twice")]
    [InlineData("""{"loras":[{"name":"ink","wieght":1}]}""", "loras[0].wieght", "name, weight")]
    [InlineData("""{"loras":[{"name":"ink","weight":"1"}]}""", "loras[0].weight", "a number")]
    [InlineData("""{"prompt":"a <lora:gone:1>"}""", "prompt", "The farm has no LoRA \"gone\"")]
    [InlineData("""{"prompt":"a <lora:ink:much>"}""", "prompt", "must be a number")]
    [InlineData("""{"prompt":"a <lora:ink>","loras":[{"name":"ink"}]}""", "prompt", "named twice")]
    [InlineData("""{"vae":"gone"}""", "vae", "The farm has no VAE \"gone\" (known: mse)")]
    [InlineData("""{"init_images":[]}""", "init_images", "exactly one")]
    [InlineData("""{"init_images":["PNG","PNG"]}""", "init_images", "exactly one")]
    [InlineData("""{"init_images":["AAAA"]}""", "init_images[0]", "no PNG")]
    [InlineData("""{"init_images":["WIDE"],"width":60}""", "width", "56 or 64")]
    [InlineData("""{"init_images":["PNG"],"denoising_strength":1.5}""", "denoising_strength", "0 to 1")]
    [InlineData("""{"init_images":["PNG"],"denoising_strength":0.3,"steps":3}""", "denoising_strength", "give 0.334 or more")]
    [InlineData("""{"init_images":["PNG"],"steps":1}""", "denoising_strength", "0.75 of 1 steps is less than one")]
    [InlineData("""{"denoising_strength":0.5}""", "denoising_strength", "init_images or enable_hr")]
    [InlineData("""{"mask":"PNG"}""", "mask", "init_images")]
    [InlineData("""{"init_images":["PNG"],"mask":"PNG","mask_blur":65}""", "mask_blur", "0 to 64")]
    [InlineData("""{"init_images":["PNG"],"mask":"PNG","inpainting_fill":4}""", "inpainting_fill", "0 to 3")]
    [InlineData("""{"init_images":["PNG"],"mask":"PNG","inpainting_mask_invert":2}""", "inpainting_mask_invert", "0 to 1")]
    [InlineData("""{"init_images":["PNG"],"mask":"PNG","inpaint_full_res":1}""", "inpaint_full_res", "true or false")]
    [InlineData("""{"init_images":["PNG"],"mask":"PNG","inpaint_full_res":true,"inpaint_full_res_padding":-1}""", "inpaint_full_res_padding", "0 to 256")]
    [InlineData("""{"init_images":["PNG"],"mask":"PNG","inpaint_full_res_padding":8}""", "inpaint_full_res_padding", "inpaint_full_res")]
    [InlineData("""{"init_images":["PNG"],"mask_blur":1}""", "mask_blur", "without mask")]
    [InlineData("""{"init_images":["PNG"],"paste_back":false}""", "paste_back", "without mask")]
    [InlineData("""{"hr_scale":2}""", "hr_scale", "enable_hr")]
    [InlineData("""{"enable_hr":true,"init_images":["PNG"]}""", "enable_hr", "init_images")]
    [InlineData("""{"enable_hr":true,"hr_scale":0.5}""", "hr_scale", "1 to 8")]
    [InlineData("""{"enable_hr":true,"hr_scale":8,"width":512}""", "hr_scale", "within 2048")]
    [InlineData("""{"enable_hr":true,"hr_scale":2,"hr_resize_x":128}""", "hr_scale", "not both")]
    [InlineData("""{"enable_hr":true,"hr_resize_x":129}""", "hr_resize_x", "a multiple of 8")]
    [InlineData("""{"enable_hr":true,"hr_resize_y":4096}""", "hr_resize_y", "to 2048")]
    [InlineData("""{"enable_hr":true,"hr_resize_y":2048,"width":2048,"height":8}""", "hr_resize_y", "2048 makes 524288×2048 pixels of 2048×8")]
    [InlineData("""{"enable_hr":true,"hr_second_pass_steps":9,"denoising_strength":0.1}""", "denoising_strength", "0.1 of 9 steps")]
    [InlineData("""{"enable_hr":true,"hr_upscaler":"Magic"}""", "hr_upscaler", "Latent (bicubic)")]
    [InlineData("""{"enable_hr":true,"hr_second_pass_steps":151}""", "hr_second_pass_steps", "0 to 150")]
    [InlineData("""{"enable_hr":true,"denoising_strength":-1}""", "denoising_strength", "0 to 1")]
    [InlineData("""{"controlnet_units":[{"image":"PNG"}]}""", "controlnet_units[0].model", "known: canny")]
    [InlineData("""{"controlnet_units":[{"model":"canny"}]}""", "controlnet_units[0].image", "empty")]
    [InlineData("""{"controlnet_units":[{"model":"depth","image":"PNG"}]}""", "controlnet_units[0].model", "The farm has no ControlNet \"depth\"")]
    [InlineData("""{"controlnet_units":[{"model":"canny","image":"PNG","weight":3}]}""", "controlnet_units[0].weight", "0 to 2")]
    [InlineData("""{"controlnet_units":[{"model":"canny","image":"PNG","guidance_start":0.5,"guidance_end":0.5}]}""", "controlnet_units[0].guidance_end", "greater")]
    [InlineData("""{"controlnet_units":[{"model":"canny","image":"PNG","guidance_start":-1}]}""", "controlnet_units[0].guidance_start", "0 to 1")]
    [InlineData("""{"controlnet_units":[{"model":"canny","image":"PNG","control_mode":"Mine"}]}""", "controlnet_units[0].control_mode", "\"Balanced\"")]
    [InlineData("""{"controlnet_units":[{"model":"canny","image":"PNG"},{"model":"canny","image":"PNG","control_mode":"ControlNet is more important"}]}""", "controlnet_units", "the same control_mode")]
    [InlineData("""{"batch_class":0}""", "batch_class", "give 1 (")]
    [InlineData("""{"model":"fast","batch_class":3}""", "batch_class", "give 1 or 2 or 4 (")]
    [InlineData("""{"model":"paint"}""", "mask", "in-painting alone")]
    [InlineData("""{"model":"refiner"}""", "init_images", "draws over a picture")]
    [InlineData("""{"model":"refiner","init_images":["PNG"],"target_width":64}""", "target_width", "SDXL's base")]
    [InlineData("""{"model":"refiner","init_images":["PNG"],"prompt_2":"b"}""", "prompt_2", "SDXL's base")]
    [InlineData("""{"model":"refiner","init_images":["PNG"],"crop_x":-1}""", "crop_x", "0 to 16384")]
    [InlineData("""{"model":"xl","prompt_2":"b"}""", "prompt_2", "\"prompt_syntax\": \"plain\"")]
    [InlineData("""{"model":"xl","crop_x":-1}""", "crop_x", "0 to 16384")]
    [InlineData("""{"model":"xl","target_height":0}""", "target_height", "1 to 16384")]
    public async Task Bad_input_is_refused_with_the_field_and_the_fix(string body, string field, string fix)
    {
        body = body.StartsWith("{\"model\":", StringComparison.Ordinal) ? body : $$"""{"model":"{{CoordinatorHost.Model}}",{{body[1..]}}""";
        body = body.Contains("\"prompt\":", StringComparison.Ordinal) ? body : $$"""{"prompt":"a",{{body[1..]}}""";
        body = body.Replace("PNG", Png.Base64(), StringComparison.Ordinal).Replace("WIDE", Png.Base64(128), StringComparison.Ordinal);
        using var answer = await host.Client.PostAsync(new Uri("/v1/batches", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token));
        var errors = problem.RootElement.GetProperty("errors");
        Assert.True(errors.TryGetProperty(field, out var messages), errors.ToString());
        Assert.Contains(fix, messages[0].GetString(), StringComparison.Ordinal);
        Assert.Empty(host.Db.Batches);
    }
}
