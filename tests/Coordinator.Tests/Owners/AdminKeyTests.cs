using System.Net;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Owners;

public sealed partial class AdminKeyTests(Databases databases) : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("admin-key-").FullName;

    private string KeyFile => Path.Combine(folder, "admin.key");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_first_admin_key_is_made_and_shown_once_though_two_replicas_start_at_once()
    {
        var database = await databases.EmptyAsync();
        using var log = new LogLines();
        var replicas = await Task.WhenAll(StartAsync(database, log: log), StartAsync(database, log: log));
        await using var first = replicas[0];
        await using var second = replicas[1];
        var shown = Assert.Single(KeyPattern().Matches(string.Join('\n', log.Lines)).Select(match => match.Value));
        Assert.Single(await first.Db.ApiKeys.ToListAsync(Token));
        foreach (var replica in replicas)
        {
            Assert.Equal([Scopes.Admin], (await (await replica.GetAsync(shown, "/v1/me")).ReadAsync<MeResponse>()).Scopes);
        }

        await using var third = await StartAsync(database, log: log);
        Assert.Single(KeyPattern().Matches(string.Join('\n', log.Lines)));
    }

    [Fact]
    public async Task A_start_makes_another_once_the_last_admin_key_was_revoked()
    {
        var database = await databases.NewAsync();
        using var log = new LogLines();
        await using (var host = await StartAsync(database, log: log))
        {
            var key = KeyPattern().Match(string.Join('\n', log.Lines)).Value;
            var id = (await (await host.GetAsync(key, "/v1/me")).ReadAsync<MeResponse>()).Key!.Id;
            using var revoked = await host.SendAsync(key, HttpMethod.Delete, $"/v1/keys/{id}");
            Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        }

        await using var next = await StartAsync(database, log: log);
        Assert.Equal(HttpStatusCode.OK, (await next.GetAsync(KeyPattern().Matches(string.Join('\n', log.Lines))[1].Value, "/v1/owners")).StatusCode);
    }

    [Fact]
    public async Task The_key_that_is_made_goes_to_the_file_for_its_owners_eyes_and_not_to_the_log()
    {
        var database = await databases.NewAsync();
        using var log = new LogLines();
        await using (var host = await StartAsync(database, new() { ["Owners:AdminKeyFile"] = KeyFile }, log))
        {
            Assert.DoesNotMatch(KeyPattern(), string.Join('\n', log.Lines));
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(KeyFile) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
            Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(File.ReadAllText(KeyFile).Trim(), "/v1/owners")).StatusCode);
        }

        // another start reads it; so does one on a new database
        foreach (var next in new[] { database, await databases.NewAsync() })
        {
            await using var host = await StartAsync(next, new() { ["Owners:AdminKeyFile"] = KeyFile });
            Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(File.ReadAllText(KeyFile).Trim(), "/v1/owners")).StatusCode);
            Assert.Single(await host.Db.ApiKeys.ToListAsync(Token));
        }
    }

    [Theory]
    [InlineData("Owners:AdminKey")]
    [InlineData("FARM_ADMIN_KEY")]
    public async Task The_settings_key_is_the_admins_until_the_settings_have_another(string setting)
    {
        var database = await databases.NewAsync();
        foreach (var key in new[] { "the-first-of-the-chosen-keys", "another-of-the-chosen-keys" })
        {
            await using var host = await StartAsync(database, new() { [setting] = key });
            Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(key, "/v1/owners")).StatusCode);
            Assert.Single(await host.Db.ApiKeys.Where(row => row.RevokedAt == null).ToListAsync(Token));
        }
    }

    [Fact]
    public async Task A_settings_key_that_could_be_guessed_stops_the_start()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync("Host=127.0.0.1;Port=1", new() { ["FARM_ADMIN_KEY"] = "secret" }));
        Assert.Contains("FARM_ADMIN_KEY", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_without_a_key_stops_the_start_and_is_named()
    {
        await File.WriteAllTextAsync(KeyFile, "\n", Token);
        var database = await databases.NewAsync();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(database, new() { ["Owners:AdminKeyFile"] = KeyFile }));
        Assert.Contains(KeyFile, error.Message, StringComparison.Ordinal);
    }

    private static Task<CoordinatorHost> StartAsync(string database, Dictionary<string, string?>? settings = null, LogLines? log = null) => CoordinatorHost.StartAsync(
        database, new(settings ?? []) { ["Owners:Authentication"] = "on" }, configure: builder => builder.Logging.AddProvider(log ?? new LogLines()));

    [GeneratedRegex("farm_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}")]
    private static partial Regex KeyPattern();
}
