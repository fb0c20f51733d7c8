using System.Net;
using StableDiffusion.Contracts;
using StableDiffusion.Contracts.Batches;
using StableDiffusion.Contracts.Images;
using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Search;

public sealed class SearchTests(Databases databases) : IAsyncLifetime
{
    private CoordinatorHost host = null!;

    public async ValueTask InitializeAsync()
    {
        host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        await host.ReportWorkerAsync();
        await host.SubmitAsync(new BatchRequest { Prompts = ["a red circle", "a blue square"], Seed = 1, NIter = 2, Tags = ["shapes"] });
        host.Time.Advance(TimeSpan.FromDays(1));
        await host.SubmitAsync(new BatchRequest { Prompt = "the red, red rose", Seed = 2, Tags = ["flowers", "red"] });
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("", "rose 2, square 2, square 1, circle 2, circle 1")]
    [InlineData("q=red", "rose 2, circle 2, circle 1")]
    [InlineData("q=red -rose", "circle 2, circle 1")]
    [InlineData("q=\"red circle\"", "circle 2, circle 1")]
    [InlineData("seed=2", "rose 2, square 2, circle 2")]
    [InlineData("seed=2&q=red&tag=shapes", "circle 2")]
    [InlineData("tag=red", "rose 2")]
    [InlineData("until=1970-01-01T12:00:00Z", "square 2, square 1, circle 2, circle 1")]
    [InlineData("since=1970-01-01T12:00:00Z", "rose 2")]
    [InlineData("model=tiny&state=queued&owner=default", "rose 2, square 2, square 1, circle 2, circle 1")]
    [InlineData("model=other", "")]
    [InlineData("state=failed", "")]
    [InlineData("owner=nobody", "")]
    public async Task Images_are_found_newest_first(string query, string expected)
    {
        query = query.Replace("1970-01-01T12:00:00Z", Uri.EscapeDataString($"{host.Time.GetUtcNow().AddHours(-12):O}"), StringComparison.Ordinal);
        var found = (await host.GetAsync<Page<ImageResponse>>($"/v1/images?{query}")).Items;
        Assert.Equal(expected, string.Join(", ", found.Select(image => $"{image.Settings.Prompt.Split(' ')[^1]} {image.Settings.Seed}")));
    }

    [Theory]
    [InlineData("q=red", 2)]
    [InlineData("q=blue", 1)]
    [InlineData("seed=1", 1)]
    [InlineData("tag=flowers&q=red&model=tiny", 1)]
    [InlineData("model=other", 0)]
    [InlineData("state=queued", 2)]
    public async Task Batches_are_found_by_what_any_of_their_images_is(string query, int count) =>
        Assert.Equal(count, (await host.GetAsync<Page<BatchResponse>>($"/v1/batches?{query}")).Items.Count);

    [Fact]
    public async Task Pages_go_on_where_the_last_ended_whatever_was_added_meanwhile()
    {
        var first = await host.GetAsync<Page<ImageResponse>>("/v1/images?q=red&limit=2");
        await host.SubmitAsync(new BatchRequest { Prompt = "red again" });
        var second = await host.GetAsync<Page<ImageResponse>>(first.Next!);
        Assert.Equal((2, 1, null), (first.Items.Count, second.Items.Count, second.Next));
        Assert.Equal(("a red circle", 1L), (second.Items[0].Settings.Prompt, second.Items[0].Settings.Seed));
    }

    [Theory]
    [InlineData("state=lost", "is no state: give queued, dispatched, rendering, succeeded, failed or cancelled")]
    [InlineData("state=1", "is no state")]
    [InlineData("state=queued,failed", "is no state")]
    [InlineData("limit=0", "give 1 to")]
    [InlineData("seed=x", "\"seed\"")]
    [InlineData("since=yesterday", "\"since\"")]
    [InlineData("q=%00", "U+0000")]
    [InlineData("tag=a%00b", "U+0000")]
    public async Task What_cannot_be_searched_for_is_told(string query, string reason)
    {
        using var answer = await host.Client.GetAsync(new Uri($"/v1/images?{query}", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(reason, await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }
}
