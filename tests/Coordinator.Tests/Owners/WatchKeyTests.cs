using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Owners;

public sealed class WatchKeyTests(Databases databases)
{
    private const string Key = "for-prometheus-and-keda-alone";

    [Fact]
    public async Task Metrics_want_a_key_and_the_settings_watch_key_opens_them_and_the_scaling_signal_and_nobodys_pictures()
    {
        await using var host = await GuardedHost.StartAsync(databases, new() { ["FARM_WATCH_KEY"] = Key });
        var somebodys = await host.NewKeyAsync();
        using var submitted = await host.SubmitAsync(somebodys);
        Assert.Equal(HttpStatusCode.Created, submitted.StatusCode);

        using var without = await host.GetAsync(key: null, "/metrics");
        Assert.Equal(HttpStatusCode.Unauthorized, without.StatusCode);
        foreach (var path in new[] { "/metrics", "/v1/scaling", "/v1/workers" })
        {
            using var seen = await host.GetAsync(Key, path);
            Assert.Equal(HttpStatusCode.OK, seen.StatusCode);
        }

        using var others = await host.GetAsync(Key, submitted.Headers.Location!.ToString());
        Assert.Equal(HttpStatusCode.NotFound, others.StatusCode);
        using var asked = await host.SubmitAsync(Key);
        Assert.Equal(HttpStatusCode.Forbidden, asked.StatusCode);
    }

    [Fact]
    public async Task Another_watch_key_ends_the_one_before_and_several_replicas_make_one()
    {
        var database = await databases.NewAsync();
        Task<CoordinatorHost> StartAsync(string key) => CoordinatorHost.StartAsync(database, new() { ["Owners:Authentication"] = "on", ["Owners:AdminKey"] = GuardedHost.AdminKey, ["Owners:WatchKey"] = key });
        foreach (var replica in await Task.WhenAll(StartAsync(Key), StartAsync(Key)))
        {
            await replica.DisposeAsync();
        }

        await using var host = await StartAsync("another-for-prometheus-and-keda");

        Assert.Equal(2, await host.Db.ApiKeys.CountAsync(key => key.Name == "watch key of the settings", Token));
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.GetAsync(Key, "/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync("another-for-prometheus-and-keda", "/metrics")).StatusCode);
    }

    [Fact]
    public async Task The_admin_key_is_no_watch_key()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => CoordinatorHost.StartAsync("Host=127.0.0.1;Port=1", new() { ["Owners:AdminKey"] = Key, ["Owners:WatchKey"] = Key }));
        Assert.Contains("FARM_WATCH_KEY", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, error.Message, StringComparison.Ordinal);
    }
}
