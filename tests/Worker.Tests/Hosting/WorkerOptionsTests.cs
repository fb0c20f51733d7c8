using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StableDiffusion.Worker.Hosting;

namespace StableDiffusion.Worker.Tests.Hosting;

public sealed class WorkerOptionsTests
{
    [Theory]
    [InlineData("Worker:Id", " ")]
    [InlineData("Worker:Models", "")]
    [InlineData("Worker:Models", "/no/such/folder")]
    [InlineData("Worker:Device", "tpu")]
    [InlineData("Worker:Device", "cuda:x")]
    [InlineData("Worker:Dtype", "int8")]
    [InlineData("Worker:Threads", "-1")]
    [InlineData("Worker:Prefetch", "0")]
    [InlineData("Worker:HeartbeatInterval", "00:00:00")]
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

    private static WorkerOptions Read(params (string Setting, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        foreach (var (setting, value) in settings.Prepend(("Worker:Models", Path.GetTempPath())))
        {
            builder.Configuration[setting] = value;
        }
        builder.AddWorker();
        using var services = builder.Services.BuildServiceProvider();
        return services.GetRequiredService<IOptions<WorkerOptions>>().Value;
    }
}
