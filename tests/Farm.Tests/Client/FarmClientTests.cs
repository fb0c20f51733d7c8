using System.Net;
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
    public async Task A_farm_that_is_away_is_an_error_with_its_address()
    {
        using var client = new FarmClient(new Uri("http://127.0.0.1:1"));
        var error = await Assert.ThrowsAsync<FarmException>(() => client.GetModelsAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith("the farm at http://127.0.0.1:1/ does not answer", error.Message, StringComparison.Ordinal);
        Assert.False(await client.IsHealthyAsync(TestContext.Current.CancellationToken));
    }
}
