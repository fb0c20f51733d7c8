using StableDiffusion.Coordinator.Tests.Hosting;
using static StableDiffusion.Coordinator.Tests.Hosting.Facts;

namespace StableDiffusion.Coordinator.Tests.Pages;

public sealed class BatchPageTests(Databases databases)
{
    [Fact]
    public async Task A_batch_has_a_page_for_people()
    {
        await using var host = await CoordinatorHost.StartAsync(await databases.NewAsync());
        var batch = await host.SubmitAsync(1);
        using var answer = await host.Client.GetAsync(new Uri(batch.PageUrl, UriKind.Relative), Token);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("/v1/batches/${id}", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }
}
