using StableDiffusion.Diffusion.Schedulers;

namespace StableDiffusion.Diffusion.Tests.Networks;

public sealed class PythonJsonTests
{
    [Fact]
    public void A_schedulers_infinity_as_diffusers_saves_it_is_read()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("scheduler_config.json");
        File.WriteAllText(path, """{"lambda_min_clipped": -Infinity, "beta_start": 0.001, "note": "Infinity and \"NaN\" stay"}""");
        var config = SchedulerConfig.Load(path);
        Assert.Equal(double.NegativeInfinity, config.Number("lambda_min_clipped", 0));
        Assert.Equal(0.001, config.Number("beta_start", 0));
        Assert.Equal("Infinity and \"NaN\" stay", config.Word("note", ""));
    }
}
