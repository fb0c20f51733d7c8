using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Tests.Hosting;

namespace StableDiffusion.Coordinator.Tests.Owners;

public sealed class OwnersTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync() => host = await GuardedHost.StartAsync(databases);

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Anothers_batch_is_not_there()
    {
        var (ada, bob) = (await host.NewKeyAsync("ada"), await host.NewKeyAsync("bob"));
        var batch = await (await host.SubmitAsync(ada)).ReadAsync<BatchResponse>();
        var image = Assert.Single((await (await host.GetAsync(ada, batch.ImagesUrl)).ReadAsync<Page<ImageResponse>>()).Items);
        var tried = 0;
        foreach (var path in (await host.GetAsync<JsonElement>("/openapi/v1.json")).GetProperty("paths").EnumerateObject().Where(path => path.Name.Contains("es/{id}", StringComparison.Ordinal)))
        {
            var id = path.Name.Contains("/images/{id}", StringComparison.Ordinal) ? image.Id : batch.Id;
            foreach (var operation in path.Value.EnumerateObject())
            {
                var method = new HttpMethod(operation.Name.ToUpperInvariant());
                await (await host.SendAsync(bob, method, path.Name.Replace("{id}", $"{id}", StringComparison.Ordinal), method == HttpMethod.Get ? null : new { })).RefusalAsync(404);
                tried++;
            }
        }

        Assert.InRange(tried, 18, 50); // all there are, also those that come
        Assert.Equal(0, (await (await host.GetAsync(ada, batch.Url)).ReadAsync<BatchResponse>()).Counts.Cancelled);
        Assert.Empty((await (await host.GetAsync(bob, "/v1/batches")).ReadAsync<Page<BatchResponse>>()).Items);
    }

    [Fact]
    public async Task An_owner_sees_what_is_its_own_and_an_administrator_everything()
    {
        var ada = await host.NewKeyAsync("ada");
        var mine = await (await host.SubmitAsync(ada)).ReadAsync<BatchResponse>();
        var other = await (await host.SubmitAsync(await host.NewKeyAsync("bob"))).ReadAsync<BatchResponse>();
        Assert.Equal([mine.Id], await ListAsync(ada));
        Assert.Equal(new[] { mine.Id, other.Id }.Order(), (await ListAsync(GuardedHost.AdminKey)).Order());
        await (await host.GetAsync(GuardedHost.AdminKey, other.ImagesUrl)).ReadAsync<Page<ImageResponse>>();

        async Task<IEnumerable<Guid>> ListAsync(string key) => (await (await host.GetAsync(key, "/v1/batches")).ReadAsync<Page<BatchResponse>>()).Items.Select(batch => batch.Id);
    }

    [Fact]
    public async Task What_a_change_leaves_out_stays_and_null_takes_a_limit_away()
    {
        var owner = await host.AddOwnerAsync("ada", new { weight = 2.5, max_waiting = 10, max_priority = 3 });
        Assert.Equal(new OwnerResponse { Id = owner.Id, Name = "ada", Weight = 2.5, MaxWaiting = 10, MaxPriority = 3 }, owner);
        using var body = new StringContent("""{"name":"Ada","max_waiting":null}""", System.Text.Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"/v1/owners/{owner.Id}") { Content = body };
        request.Headers.Authorization = new("Bearer", GuardedHost.AdminKey);
        var changed = await (await host.Client.SendAsync(request, Facts.Token)).ReadAsync<OwnerResponse>();
        Assert.Equal(owner with { Name = "Ada", MaxWaiting = null }, changed);
        Assert.Equal(changed, await (await host.GetAsync(GuardedHost.AdminKey, $"/v1/owners/{owner.Id}")).ReadAsync<OwnerResponse>());
        Assert.Equal([1, owner.Id], (await (await host.GetAsync(GuardedHost.AdminKey, "/v1/owners")).ReadAsync<List<OwnerResponse>>()).Select(listed => listed.Id));
    }

    [Fact]
    public async Task Two_owners_never_share_a_name_and_to_try_is_no_error_of_the_farms()
    {
        var log = new LogLines();
        host.Get<ILoggerFactory>().AddProvider(log);
        await host.AddOwnerAsync("ada");
        var bob = await host.AddOwnerAsync("bob");
        Assert.Contains("\"ada\"", await (await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Post, "/v1/owners", new { name = "ada" })).RefusalAsync(409), StringComparison.Ordinal);
        await (await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Patch, $"/v1/owners/{bob.Id}", new { name = "ada" })).RefusalAsync(409);
        Assert.Empty(log.Errors);
    }

    [Theory]
    [InlineData("name", "")]
    [InlineData("weight", 0.0)]
    [InlineData("max_waiting", -1)]
    [InlineData("max_images_per_day", -1)]
    [InlineData("max_requests_per_minute", 0)]
    public async Task A_field_that_cannot_be_is_named(string field, object value)
    {
        var owner = await host.AddOwnerAsync("ada");
        using var answer = await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Patch, $"/v1/owners/{owner.Id}", new Dictionary<string, object> { [field] = value });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"errors\":{{\"{field}\":", await answer.Content.ReadAsStringAsync(Facts.Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name":" "}""", "name")]
    [InlineData("""{"name":"a","scopes":[]}""", "scopes")]
    [InlineData("""{"name":"a","scopes":["read","all"]}""", "scopes")]
    [InlineData("""{"name":"a","expires_at":"2020-01-01T00:00:00Z"}""", "expires_at")]
    public async Task A_key_that_cannot_be_is_refused(string body, string field)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/owners/1/keys") { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new("Bearer", GuardedHost.AdminKey);
        using var answer = await host.Client.SendAsync(request, Facts.Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"errors\":{{\"{field}\":", await answer.Content.ReadAsStringAsync(Facts.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_owner_with_batches_stays_and_one_without_goes_with_its_keys()
    {
        var (ada, bob) = (await host.AddOwnerAsync("ada"), await host.AddOwnerAsync("bob"));
        var (adas, bobs) = ((await host.AddKeyAsync(ada)).Key, (await host.AddKeyAsync(bob)).Key);
        await host.SubmitAsync(adas);
        await (await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Delete, $"/v1/owners/{ada.Id}")).RefusalAsync(409);
        await (await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Delete, "/v1/owners/1")).RefusalAsync(409);
        Assert.Equal(HttpStatusCode.NoContent, (await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Delete, $"/v1/owners/{bob.Id}")).StatusCode);
        await (await host.SendAsync(GuardedHost.AdminKey, HttpMethod.Delete, $"/v1/owners/{bob.Id}")).RefusalAsync(404);
        Assert.Equal(HttpStatusCode.OK, (await host.GetAsync(adas, "/v1/batches")).StatusCode);
        await (await host.GetAsync(bobs, "/v1/batches")).RefusalAsync(401);
    }
}
