using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using StableDiffusion.Farm.Client;

namespace StableDiffusion.Farm.Tests.Client;

public sealed class FarmClientTests
{
    [Fact]
    public void Refused_fields_are_a_line_each() => Assert.Equal(
        "steps: 1 to 150\nfarm: width: a multiple of 8",
        FarmClient.Describe(HttpStatusCode.BadRequest, """{"title":"t","errors":{"steps":["1 to 150"],"width":["a multiple of 8"]}}"""));

    [Theory]
    [InlineData("""{"title":"Not found","detail":"There is no batch 1."}""", "There is no batch 1.")]
    [InlineData("""{"title":"Not found"}""", "Not found")]
    [InlineData("<html>", "the farm answered 502 (BadGateway)")]
    [InlineData("", "the farm answered 502 (BadGateway)")]
    public void A_refusal_is_told_in_its_own_words_where_it_has_any(string body, string words) =>
        Assert.Equal(words, FarmClient.Describe(HttpStatusCode.BadGateway, body));

    [Fact]
    public async Task The_key_goes_with_every_request_and_a_farm_that_wants_one_is_answered_with_where_to_put_it()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        await using var farm = builder.Build();
        farm.Run(async context =>
        {
            bool known = context.Request.Headers.Authorization == "Bearer farm_key";
            context.Response.StatusCode = known ? 200 : 401;
            await context.Response.WriteAsync(known ? "[]" : """{"detail":"A key is needed."}""");
        });
        await farm.StartAsync(TestContext.Current.CancellationToken);
        using var stranger = new FarmClient(new Uri(farm.Urls.First()), key: "");
        var error = await Assert.ThrowsAsync<FarmException>(() => stranger.GetWorkersAsync(TestContext.Current.CancellationToken));
        Assert.Equal("A key is needed.\nfarm: set FARM_API_KEY to it", error.Message);
        using var friend = new FarmClient(new Uri(farm.Urls.First()), key: "farm_key");
        Assert.Empty(await friend.GetWorkersAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_farm_that_is_away_is_an_error_with_its_address()
    {
        using var client = new FarmClient(new Uri("http://127.0.0.1:1"));
        var error = await Assert.ThrowsAsync<FarmException>(() => client.GetModelsAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith("the farm at http://127.0.0.1:1/ does not answer", error.Message, StringComparison.Ordinal);
        Assert.False(await client.IsHealthyAsync(TestContext.Current.CancellationToken));
    }
}
