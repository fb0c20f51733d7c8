using System.Net;
using Microsoft.AspNetCore.Hosting;
using StableDiffusion.Contracts.Owners;
using StableDiffusion.Coordinator.Owners;
using StableDiffusion.Coordinator.Owners.Access;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Owners;

public sealed class AuthenticationModeTests(Databases databases)
{
    [Theory]
    [InlineData("auto", "http://127.0.0.1:0", HttpStatusCode.OK)]
    [InlineData("auto", "http://127.0.0.1:0;http://[::1]:0", HttpStatusCode.OK)]
    [InlineData("auto", "http://0.0.0.0:0", HttpStatusCode.Unauthorized)]
    [InlineData("auto", "http://127.0.0.1:0;http://0.0.0.0:0", HttpStatusCode.Unauthorized)]
    [InlineData("on", "http://127.0.0.1:0", HttpStatusCode.Unauthorized)]
    [InlineData("off", "http://0.0.0.0:0", HttpStatusCode.OK)]
    public async Task Keys_are_asked_for_unless_only_this_machine_can_ask(string mode, string urls, HttpStatusCode status)
    {
        await using var host = await CoordinatorHost.StartAsync(
            await databases.NewAsync(), new() { ["Owners:Authentication"] = mode }, configure: builder => builder.WebHost.UseKestrelCore().UseUrls(urls.Split(';')));
        using var client = new HttpClient();
        using var answer = await client.GetAsync(new UriBuilder(host.Url) { Host = "127.0.0.1", Path = "/v1/batches" }.Uri, Token);
        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("localhost:80", HttpStatusCode.OK)]
    [InlineData("[::1]:80", HttpStatusCode.OK)]
    [InlineData("farm.example.org", HttpStatusCode.Unauthorized)]
    public async Task A_request_that_calls_this_machine_by_anothers_name_needs_a_key(string name, HttpStatusCode status)
    {
        await using var host = await CoordinatorHost.StartAsync(
            await databases.NewAsync(), new() { ["Owners:Authentication"] = "auto" }, configure: builder => builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0"));
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Url, "/v1/batches"));
        request.Headers.Host = name;
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("POST", "/v1/sweeps", "cross-site", HttpStatusCode.Unauthorized)]
    [InlineData("POST", "/v1/sweeps", "same-origin", HttpStatusCode.OK)]
    [InlineData("GET", "/v1/sweeps", "cross-site", HttpStatusCode.OK)] // a link to a page here
    public async Task A_change_that_another_site_makes_a_browser_ask_for_needs_a_key(string method, string path, string site, HttpStatusCode status)
    {
        await using var host = await CoordinatorHost.StartAsync(
            await databases.NewAsync(), new() { ["Owners:Authentication"] = "auto" }, configure: builder => builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0"));
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(host.Url, path)) { Headers = { { "Sec-Fetch-Site", site } } };
        using var answer = await client.SendAsync(request, Token);
        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("http://localhost:5080", true)]
    [InlineData("http://127.8.9.1:80", true)]
    [InlineData("https://[::1]:443", true)]
    [InlineData("http://unix:/run/farm.sock", true)]
    [InlineData("http://+:80", false)]
    [InlineData("http://*:80", false)]
    [InlineData("http://[::]:80", false)]
    [InlineData("http://0.0.0.0:80", false)]
    [InlineData("http://10.0.0.1:80", false)]
    [InlineData("http://localhost.example.org:80", false)]
    public void Addresses_of_this_machine_alone_are_told_from_others(string address, bool isLoopback) =>
        Assert.Equal(isLoopback, AuthenticationState.IsLoopback(address));

    [Fact]
    public async Task A_server_of_which_no_address_is_known_asks_for_keys()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync(), new() { ["Owners:Authentication"] = "auto" });
        await (await host.GetAsync(null, "/v1/batches")).RefusalAsync(401);
    }

    [Fact]
    public async Task Without_keys_everything_belongs_to_the_default_owner_who_may_do_everything()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var me = await (await host.GetAsync(null, "/v1/me")).ReadAsync<MeResponse>();
        Assert.Equal(Owner.Default, me.Owner.Id);
        Assert.Equal(Scopes.All, me.Scopes);
        Assert.Null(me.Key);
        using var added = await host.SendAsync(null, HttpMethod.Post, "/v1/owners", new { name = "ada" });
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
    }
}
