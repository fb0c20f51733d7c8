using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Owners.Keys;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Owners;

public sealed class KeysTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await GuardedHost.StartAsync(databases);

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task A_new_key_opens_what_its_scopes_say_and_looks_like_what_it_is()
    {
        var key = await host.AddKeyAsync(await host.AddOwnerAsync("ada"));
        Assert.Equal([Scopes.Read, Scopes.Write], key.Scopes);
        Assert.Matches($"^{key.Prefix}_[0-9A-Za-z]{{43}}$", key.Key);
        Assert.Matches("^farm_[0-9A-Za-z]{8}$", key.Prefix);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(key.Key, "/v1/batches")).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await host.SubmitAsync(key.Key)).StatusCode);
    }

    [Fact]
    public async Task Only_a_keys_hash_is_kept()
    {
        var key = await host.NewKeyAsync();
        await using var connection = new NpgsqlConnection(host.Db.Database.GetConnectionString());
        await connection.OpenAsync(Token);
        await using var rows = new NpgsqlCommand("SELECT string_agg(api_keys::text, E'\\n') FROM api_keys", connection);
        var table = (string)(await rows.ExecuteScalarAsync(Token))!;
        Assert.Contains(Convert.ToHexStringLower(KeyText.Hash(key)), table, StringComparison.Ordinal);
        Assert.Contains(key[..13], table, StringComparison.Ordinal);
        Assert.DoesNotContain(key[14..24], table, StringComparison.Ordinal);
        Assert.DoesNotContain(GuardedHost.AdminKey[..8], table, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "A key is needed.")]
    [InlineData("farm_00000000_0000000000000000000000000000000000000000000", "There is no such key.")]
    public async Task Without_a_key_that_is_known_there_is_a_401_that_says_what_to_do(string? key, string why)
    {
        foreach (var (method, path) in new[] { (HttpMethod.Get, "/v1/models"), (HttpMethod.Get, "/v1/batches"), (HttpMethod.Post, "/v1/batches"), (HttpMethod.Get, "/v1/me") })
        {
            var answer = await host.SendAsync(key, method, path);
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
            var detail = await answer.RefusalAsync(401);
            Assert.StartsWith(why, detail, StringComparison.Ordinal);
            Assert.Contains("Authorization: Bearer KEY", detail, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/openapi/v1.json")]
    public async Task Health_and_the_apis_description_are_open(string path)
    {
        using var answer = await host.GetAsync(null, path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_revoked_key_opens_nothing_from_then_on()
    {
        var key = await host.AddKeyAsync(await host.AddOwnerAsync("ada"));
        using (var revoked = await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Delete, $"/v1/keys/{key.Id}"))
        {
            Assert.Equal(HttpStatusCode.NoContent, revoked.StatusCode);
        }

        Assert.Contains("revoked", await (await host.GetAsync(key.Key, "/v1/batches")).RefusalAsync(401), StringComparison.Ordinal);
        await (await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Delete, $"/v1/keys/{Guid.NewGuid()}")).RefusalAsync(404);
    }

    [Theory]
    [InlineData("metrics")]
    [InlineData("admin")]
    public async Task Metrics_which_name_all_owners_are_for_who_may_read_them(string scope)
    {
        var key = await host.AddKeyAsync(await host.AddOwnerAsync("ada"), [scope]);
        using var answer = await host.GetAsync(key.Key, "/metrics");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_key_ends_when_it_expires()
    {
        var key = await host.AddKeyAsync(await host.AddOwnerAsync("ada"), expiresAt: host.Time.GetUtcNow() + TimeSpan.FromHours(1));
        host.Time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(key.Key, "/v1/batches")).StatusCode);
        host.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("expired", await (await host.GetAsync(key.Key, "/v1/batches")).RefusalAsync(401), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_keys_use_is_noted_once_a_minute()
    {
        var owner = await host.AddOwnerAsync("ada");
        var key = await host.AddKeyAsync(owner);
        var start = host.Time.GetUtcNow();
        Assert.Null(await LastUsedAsync());
        await host.GetAsync(key.Key, "/v1/batches");
        Assert.Equal(start, await LastUsedAsync());
        host.Time.Advance(TimeSpan.FromSeconds(59));
        await host.GetAsync(key.Key, "/v1/batches");
        Assert.Equal(start, await LastUsedAsync());
        host.Time.Advance(TimeSpan.FromSeconds(1));
        await host.GetAsync(key.Key, "/v1/batches");
        Assert.Equal(host.Time.GetUtcNow(), await LastUsedAsync());

        async Task<DateTimeOffset?> LastUsedAsync() =>
            Assert.Single(await (await host.GetAsync(GuardedHost.AdminKey, $"/v1/owners/{owner.Id}/keys")).ReadAsync<List<KeyResponse>>()).LastUsedAt;
    }

    [Theory]
    [InlineData("read", "POST", "/v1/batches", "write")]
    [InlineData("write", "GET", "/v1/batches", "read")]
    [InlineData("write", "GET", "/v1/workers", "read")]
    [InlineData("read", "GET", "/metrics", "metrics")]
    [InlineData("metrics", "GET", "/v1/batches", "read")]
    [InlineData("metrics", "POST", "/v1/batches", "write")]
    [InlineData("read", "POST", "/v1/owners", "admin")]
    [InlineData("write", "GET", "/v1/owners", "admin")]
    [InlineData("write", "DELETE", "/v1/keys/00000000-0000-0000-0000-000000000001", "admin")]
    public async Task A_scope_that_is_missing_is_named_in_the_403(string scope, string method, string path, string needed)
    {
        var key = await host.AddKeyAsync(await host.AddOwnerAsync("ada"), [scope]);
        var answer = await host.SendAsync(key.Key, new HttpMethod(method), path);
        Assert.Contains($"scope=\"{needed}\"", answer.Headers.WwwAuthenticate.Single().Parameter, StringComparison.Ordinal);
        Assert.StartsWith($"{method} {path} needs a key with the scope {needed}; yours has {scope}.", await answer.RefusalAsync(403), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/nowhere")]
    [InlineData("/v1/batches/no-id")]
    public async Task What_is_not_there_is_a_404_with_any_key_and_none(string path)
    {
        var key = await host.AddKeyAsync(await host.AddOwnerAsync("ada"), [Scopes.Write]);
        await (await host.GetAsync(key.Key, path)).RefusalAsync(404);
        await (await host.GetAsync(null, path)).RefusalAsync(404);
    }

    [Fact]
    public async Task A_browser_asks_for_the_key_as_a_password_with_which_it_may_look_and_not_change()
    {
        var key = await host.NewKeyAsync();
        using var page = new HttpRequestMessage(HttpMethod.Get, "/batches/00000000-0000-0000-0000-000000000001");
        page.Headers.Accept.ParseAdd("text/html,*/*");
        using var refused = await host.Client.SendAsync(page, Token);
        Assert.Equal(["Bearer", "Basic"], refused.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme));
        Assert.Equal(HttpStatusCode.OK, await BasicAsync(HttpMethod.Get, "/v1/batches"));
        Assert.Equal(HttpStatusCode.Unauthorized, await BasicAsync(HttpMethod.Post, "/v1/batches/00000000-0000-0000-0000-000000000001/rerun"));

        async Task<HttpStatusCode> BasicAsync(HttpMethod method, string path)
        {
            using var request = new HttpRequestMessage(method, path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"whoever:{key}")));
            using var answer = await host.Client.SendAsync(request, Token);
            return answer.StatusCode;
        }
    }
}
