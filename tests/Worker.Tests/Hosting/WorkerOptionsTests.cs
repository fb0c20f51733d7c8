using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Tests.Hosting;

public sealed class WorkerOptionsTests : IDisposable
{
    private readonly string models = Directory.CreateTempSubdirectory("models-").FullName;

    public WorkerOptionsTests() => File.WriteAllText(Path.Combine(models, "dream-2.1.safetensors"), "");

    public void Dispose() => Directory.Delete(models, recursive: true);

    [Theory]
    [InlineData("Worker:Id", " ")]
    [InlineData("Worker:Models", "")]
    [InlineData("Worker:Models", "/no/such/folder")]
    [InlineData("Worker:Device", "tpu")]
    [InlineData("Worker:Device", "cuda:x")]
    [InlineData("Worker:Dtype", "int8")]
    [InlineData("Worker:Threads", "-1")]
    [InlineData("Worker:LoraMemory", "-1")]
    [InlineData("Worker:Prefetch", "0")]
    [InlineData("Worker:GroupSize", "513")]
    [InlineData("Worker:ModelMemory", "-1")]
    [InlineData("Worker:MaxModels", "-1")]
    [InlineData("Worker:Uploads", "0")]
    [InlineData("Worker:ReportDelay", "-00:00:01")]
    [InlineData("Worker:AliveFile", "/no/such/folder/alive")]
    [InlineData("Worker:SingleFiles:dream-2.1:PredictionType", "v")]
    [InlineData("Worker:SingleFiles:dream-2.1:UseEma", "perhaps")]
    [InlineData("Worker:HeartbeatInterval", "00:00:00")]
    [InlineData("Worker:StuckAfter", "-00:00:01")]
    [InlineData("Worker:ProgressInterval", "-00:00:01")]
    public void Wrong_setting_is_refused_by_its_name(string setting, string value)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Read((setting, value)));

        Assert.StartsWith(setting + " ", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_of_models_is_all_that_must_be_set()
    {
        var options = Read();

        Assert.Equal(("auto", "auto", 0), (options.Device, options.Dtype, options.Threads));
        Assert.StartsWith(Environment.MachineName, options.Id, StringComparison.Ordinal);
    }

    [Fact]
    public void Single_files_are_set_by_the_models_name()
    {
        var setting = Read(("Worker:SingleFiles:dream-2.1:PredictionType", "v_prediction"), ("Worker:SingleFiles:dream-2.1:UseEma", "true")).SingleFiles["dream-2.1"];

        Assert.Equal(("v_prediction", "true"), (setting.PredictionType, setting.UseEma));
    }

    [Theory]
    [InlineData("Worker:SingleFiles:dreem", "UseEma")]
    [InlineData("Worker:SingleFiles:dream-2.1", "UseEMAs")]
    public void Setting_of_a_file_or_a_name_that_is_not_there_is_refused(string file, string setting)
    {
        var error = Assert.Throws<OptionsValidationException>(() => Read(($"{file}:{setting}", "true")));

        Assert.StartsWith($"{file} ", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    private WorkerOptions Read(params (string Setting, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (var (setting, value) in settings.Prepend(("Worker:Models", models)))
        {
            builder.Configuration[setting] = value;
        }
        builder.AddWorker();
        using var services = builder.Services.BuildServiceProvider();
        return services.GetRequiredService<IOptions<WorkerOptions>>().Value;
    }
}
