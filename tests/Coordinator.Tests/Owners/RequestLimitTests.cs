using System.Net;
using StableDiffusion.Coordinator.Tests.Hosting;

namespace StableDiffusion.Coordinator.Tests.Owners;

/// <summary>Limits are of so few requests a minute that no bucket gains a token while a test runs.</summary>
public sealed class RequestLimitTests(Databases databases)
{
    [Fact]
    public async Task An_owners_keys_share_so_many_requests_and_another_owner_has_its_own()
    {
        await using var host = await GuardedHost.StartAsync(databases);
        var owner = await host.AddOwnerAsync("ada", new { max_requests_per_minute = 2 });
        var (first, second) = ((await host.AddKeyAsync(owner)).Key, (await host.AddKeyAsync(owner)).Key);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(first, "/v1/models")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(second, "/v1/models")).StatusCode);
        var refused = await host.GetAsync(first, "/v1/models");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.StartsWith("Your keys may make 2 requests a minute together.", await refused.RefusalAsync(429), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(await host.NewKeyAsync("bob"), "/v1/models")).StatusCode);

        using var raised = await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Patch, $"/v1/owners/{owner.Id}", new { max_requests_per_minute = 10 });
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(first, "/v1/models")).StatusCode); // counts at once
    }

    [Fact]
    public async Task The_farms_limit_is_that_of_owners_without_one()
    {
        await using var host = await GuardedHost.StartAsync(databases, new() { ["Owners:RequestsPerMinute"] = "3" });
        var key = await host.NewKeyAsync(); // two of the administrator's three
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(key, "/v1/models")).StatusCode);
        }

        await (await host.GetAsync(key, "/v1/models")).RefusalAsync(429);
    }

    [Fact]
    public async Task Without_keys_there_is_no_limit()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync(), new() { ["Owners:RequestsPerMinute"] = "1" });
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(null, "/v1/models")).StatusCode);
        }
    }

    [Fact]
    public async Task Wrong_keys_are_limited_by_address_where_one_that_was_right_before_still_is()
    {
        await using var host = await GuardedHost.StartAsync(databases, new() { ["Owners:FailuresPerMinute"] = "2" });
        var (known, fresh) = (await host.NewKeyAsync("ada"), await host.NewKeyAsync("bob"));
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(known, "/v1/models")).StatusCode);
        await (await host.GetAsync("one-wrong-key", "/v1/models")).RefusalAsync(401);
        await (await host.GetAsync("another-wrong-key", "/v1/models")).RefusalAsync(401);
        var refused = await host.GetAsync("one-more-wrong-key", "/v1/models");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.StartsWith("Too many requests with wrong keys came from your address.", await refused.RefusalAsync(429), StringComparison.Ordinal);
        await (await host.GetAsync(fresh, "/v1/models")).RefusalAsync(429);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(known, "/v1/models")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(null, "/health/live")).StatusCode);
    }
}
