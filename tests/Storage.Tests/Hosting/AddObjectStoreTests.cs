using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StableDiffusion.Farm.Servers;
using StableDiffusion.Storage.Folders;
using StableDiffusion.Storage.Hosting;
using StableDiffusion.Storage.S3;

namespace StableDiffusion.Storage.Tests.Hosting;

public sealed class AddObjectStoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("objects-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Kind_chooses_the_store()
    {
        using var files = Build(("Objects:Kind", "folder"), ("Objects:Folder", folder));
        using var s3 = Build(S3("http://127.0.0.1:9"));

        Assert.IsType<FolderObjectStore>(Assert.IsType<MeasuredObjectStore>(files.Services.GetRequiredService<IObjectStore>()).Store);
        Assert.IsType<S3ObjectStore>(Assert.IsType<MeasuredObjectStore>(s3.Services.GetRequiredService<IObjectStore>()).Store);
        await files.StartAsync(Cancel);
        await files.StopAsync(Cancel);
    }

    [Theory]
    [InlineData("Objects:Kind", "ftp")]
    [InlineData("Objects:S3:ServiceUrl", "minio")]
    [InlineData("Objects:S3:Bucket", "")]
    [InlineData("Objects:S3:AccessKey", "")]
    [InlineData("Objects:S3:SecretKey", " ")]
    [InlineData("Objects:S3:Region", "")]
    [InlineData("Objects:S3:Timeout", "00:00:00")]
    public async Task Wrong_setting_stops_the_start_by_its_name(string setting, string value)
    {
        using var host = Build([.. S3("http://127.0.0.1:9"), (setting, value)]);

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancel));

        Assert.Contains(setting + " is", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_kind_without_a_folder_stops_the_start_by_its_name()
    {
        using var host = Build(("Objects:Kind", "folder"));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancel));

        Assert.Contains("Objects:Folder is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_follows_the_store()
    {
        using var files = Build(("Objects:Kind", "folder"), ("Objects:Folder", folder));
        using var away = Build(S3($"http://127.0.0.1:{ServerProcess.FreePort()}"));

        Assert.Equal(HealthStatus.Healthy, (await Health(files)).Status);
        Assert.Equal(HealthStatus.Unhealthy, (await Health(away)).Status);
    }

    [Fact]
    public void Both_halves_of_an_embedded_farm_share_one_store()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);

        builder.AddObjectStore().AddObjectStore();

        Assert.Single(builder.Services, service => service.ServiceType == typeof(IObjectStore));
    }

    private static Task<HealthReport> Health(IHost host) => host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Cancel);

    private static (string, string)[] S3(string url) =>
        [("Objects:Kind", "s3"), ("Objects:S3:ServiceUrl", url), ("Objects:S3:AccessKey", "a"), ("Objects:S3:SecretKey", "b")];

    private static IHost Build(params (string Setting, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(settings.GroupBy(s => s.Setting).ToDictionary(s => s.Key, s => (string?)s.Last().Value));
        builder.Services.AddLogging();
        builder.AddObjectStore();
        return builder.Build();
    }
}
