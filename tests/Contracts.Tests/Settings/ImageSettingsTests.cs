using System.Text.Json;

namespace StableDiffusion.Contracts.Tests.Settings;

public sealed class ImageSettingsTests
{
    [Fact]
    public void Json_keeps_every_field()
    {
        var read = ImageSettings.FromJson(Full.Settings.ToJson());
        Assert.Equal(Full.Settings, read);
        using var json = JsonDocument.Parse(Full.Settings.ToJson());
        Assert.Equal(FarmJson.Options.GetTypeInfo(typeof(ImageSettings)).Properties.Count, json.RootElement.EnumerateObject().Count());
        Assert.Equal(("a1111", "latent_noise"), (json.RootElement.GetProperty("prompt_syntax").GetString(), json.RootElement.GetProperty("inpainting").GetProperty("inpainting_fill").GetString()));
    }

    [Fact]
    public void Rows_of_before_and_of_a_newer_version_are_read()
    {
        var read = ImageSettings.FromJson("""
            {"model":"m","prompt":"p","negative_prompt":"","seed":1,"steps":20,"cfg_scale":7,"width":64,"height":64,"sampler_name":"Euler","from_tomorrow":1}
            """);
        Assert.Equal(("Automatic", 1, 0), (read.Scheduler, read.BatchClass, (int)read.PromptSyntax));
    }

    [Fact]
    public void All_pictures_that_are_needed_are_told() => Assert.Equal(["04", "05", "07"], Full.Settings.Inputs());
}
